import { closeSync, fstatSync, openSync, readSync, realpathSync } from 'node:fs';
import { WeightsError } from './weights-error.ts';

/** An open weight file: reads of exact ranges, refused when the file ends before them. */
export type FileBytes = { file: string; size: number; read(offset: number, length: number): Buffer<ArrayBuffer> };

/**
 * Opens `file` for the length of `use`. Synchronous on purpose: weights are opened once, before a process serves anything,
 * and only headers and single tensors are read this way.
 *
 * @throws WeightsError if the file cannot be opened or a range lies outside it.
 */
export function withFileBytes<T>(file: string, use: (bytes: FileBytes) => T): T {
  const { path, descriptor } = openFile(file);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new WeightsError(path, 'expected a file');
    const { size } = stats;
    return use({ file: path, size, read: (offset, length) => readExactly(descriptor, path, size, offset, length) });
  } finally {
    closeSync(descriptor);
  }
}

function openFile(file: string): { path: string; descriptor: number } {
  try {
    const path = realpathSync(file);
    return { path, descriptor: openSync(path, 'r') };
  } catch (cause) {
    throw new WeightsError(file, 'cannot be opened', { cause });
  }
}

function readExactly(
  descriptor: number,
  file: string,
  size: number,
  offset: number,
  length: number,
): Buffer<ArrayBuffer> {
  if (offset < 0 || offset + length > size)
    throw new WeightsError(file, `expected bytes ${offset} to ${offset + length}, the file has ${size}`);
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(descriptor, bytes, filled, length - filled, offset + filled);
    if (count === 0) throw new WeightsError(file, `ended at byte ${offset + filled}, expected ${offset + length}`);
    filled += count;
  }
  return bytes;
}
