import { readFile, rename, rm, writeFile } from 'node:fs/promises';

/** A file the user named that cannot be read or written. */
export class FileError extends Error {
  override readonly name = 'FileError';
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EISDIR: 'expected a file, got a folder',
  EACCES: 'access denied',
  ENOSPC: 'the disk is full',
};

/** @throws FileError */
export async function readInput(file: string): Promise<Buffer> {
  return await readFile(file).catch((cause) => {
    throw fileError(file, cause);
  });
}

/** Writes a file that is there whole or not at all. @throws FileError */
export async function writeOutput(file: string, bytes: Uint8Array): Promise<void> {
  const partial = `${file}.${process.pid}.partial`;
  try {
    await writeFile(partial, bytes);
    await rename(partial, file);
  } catch (cause) {
    await rm(partial, { force: true });
    throw fileError(file, cause);
  }
}

function fileError(file: string, cause: unknown): FileError {
  const { code = '', message } = cause as NodeJS.ErrnoException;
  return new FileError(`${file}: ${REASONS[code] ?? message}`, { cause });
}
