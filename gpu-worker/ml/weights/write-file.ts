import { closeSync, openSync, writeSync } from 'node:fs';

/** Appends bytes to the file being written. */
export type Write = (bytes: Uint8Array) => void;

/** Creates `file`, or empties it, for the length of `use`. */
export function withNewFile(file: string, use: (write: Write) => void): void {
  const descriptor = openSync(file, 'w');
  try {
    use((bytes) => {
      let written = 0;
      while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    });
  } finally {
    closeSync(descriptor);
  }
}
