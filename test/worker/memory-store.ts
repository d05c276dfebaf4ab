import type { ObjectStore } from '../../gpu-worker/worker/object-store.ts';

export function createMemoryStore() {
  const objects = new Map<string, Uint8Array>();
  const store: ObjectStore = {
    get: async (key) => objects.get(key) ?? null,
    put: async (key, bytes) => {
      objects.set(key, bytes);
    },
    putOnce: async (key, bytes) => {
      if (objects.has(key)) {
        return 'taken';
      }
      objects.set(key, bytes);
      return 'written';
    },
    delete: async (key) => {
      objects.delete(key);
    },
  };
  return { store, objects };
}
