import { closeSync, openSync, writeSync } from 'node:fs';

/** Appends bytes to the file being written. */
export type Write = (bytes: Uint8Array) => void;

/** Creates `file`, or empties it, for the length of `use`. */
export function withNewFile(file: string, use: (write: Write) => void): void {
  const { write, close } = createFile(file);
  try {
    use(write);
  } finally {
    close();
  }
}

/** Creates `file`, or empties it; whoever calls this closes it. */
export function createFile(file: string): { write: Write; close(): void } {
  const descriptor = openSync(file, 'w');
  return {
    write: (bytes) => {
      let written = 0;
      while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    },
    close: () => closeSync(descriptor),
  };
}
