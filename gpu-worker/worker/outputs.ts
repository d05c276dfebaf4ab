import type { ObjectStore } from './object-store.ts';

/** What one attempt uploads, undone when the attempt does not come to count. */
export type Outputs = {
  /** Resolves with the key. */
  put(key: string, bytes: Uint8Array, contentType: string): Promise<string>;
  /** Best effort: what is left lies under an attempt that nothing names. */
  discard(): Promise<void>;
};

export function createOutputs(store: ObjectStore): Outputs {
  const puts = new Map<string, Promise<void>>();
  return {
    async put(key, bytes, contentType) {
      const put = store.put(key, bytes, contentType);
      puts.set(key, put);
      await put;
      return key;
    },
    async discard() {
      await Promise.allSettled([...puts].map(([key, put]) => put.catch(() => {}).then(() => store.delete(key))));
    },
  };
}
