import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DownloadError } from './download-error.ts';
import { contentHash, type SourceFile } from './source-file.ts';

export type DownloadOptions = {
  readonly signal?: AbortSignal;
  /** Waits between attempts; injected by tests. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
};

/** Attempts in a row that bring not a byte before a download is given up. */
const MAX_FRUITLESS_ATTEMPTS = 5;
const FIRST_RETRY_DELAY_MS = 1000;

/**
 * Fetches `source` to `file`, yielding how many bytes are there. What an earlier call brought is kept beside the target and continued, and
 * the target appears only when size and digest are right.
 *
 * @throws DownloadError, leaving what has come so far unless it is wrong; the signal's reason when it aborts.
 */
export async function* downloadFile(
  source: SourceFile,
  file: string,
  { signal, sleep = (ms, until) => wait(ms, undefined, { signal: until }) }: DownloadOptions = {},
): AsyncGenerator<number> {
  await mkdir(dirname(file), { recursive: true });
  const partial = partialFile(source, file);
  const handle = await open(partial, 'a');
  let hash: Hash;
  try {
    hash = contentHash(source.digest, source.sizeBytes);
    let received = await hashFile(partial, hash);
    yield received;
    let fruitless = 0;
    while (received < source.sizeBytes) {
      const before = received;
      try {
        for await (const chunk of await source.read(received, signal)) {
          signal?.throwIfAborted();
          await append(handle, chunk);
          hash.update(chunk);
          received += chunk.length;
          yield received;
          if (received >= source.sizeBytes) break; // more is not asked for
        }
        if (received < source.sizeBytes) throw new DownloadError(source.name, `ended after ${received} bytes`);
      } catch (cause) {
        signal?.throwIfAborted();
        fruitless = received > before ? 0 : fruitless + 1;
        if (fruitless >= MAX_FRUITLESS_ATTEMPTS)
          throw new DownloadError(source.name, `no answer in ${fruitless} attempts, ${received} bytes have come`, {
            cause,
          });
        await sleep(FIRST_RETRY_DELAY_MS * 2 ** fruitless, signal);
      }
    }
  } finally {
    await handle.close();
  }
  await requireContent(source, partial, hash.digest('hex'));
  await rename(partial, file);
}

/** Whether `file` already holds what `source` would bring. Without a digest the size has to do. */
export async function isDownloaded(source: SourceFile, file: string): Promise<boolean> {
  const stats = await stat(file).catch(() => null);
  if (stats?.size !== source.sizeBytes) return false;
  if (!source.digest) return true;
  const hash = contentHash(source.digest, source.sizeBytes);
  await hashFile(file, hash);
  return hash.digest('hex') === source.digest.hex;
}

/** How much of `source` an earlier, interrupted download has left. */
export async function bytesSoFar(source: SourceFile, file: string): Promise<number> {
  return (await stat(partialFile(source, file)).catch(() => null))?.size ?? 0;
}

/** The name tells contents apart, so that a new revision never continues an old one. */
function partialFile({ digest, sizeBytes }: SourceFile, file: string): string {
  return `${file}.${digest ? digest.hex.slice(0, 16) : sizeBytes}.partial`;
}

async function append(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.length) written += (await handle.write(chunk, written)).bytesWritten;
}

async function hashFile(file: string, hash: Hash): Promise<number> {
  let size = 0;
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk);
    size += chunk.length;
  }
  return size;
}

async function requireContent({ name, digest, sizeBytes }: SourceFile, partial: string, hex: string): Promise<void> {
  const { size } = await stat(partial);
  if (size === sizeBytes && (!digest || hex === digest.hex)) return;
  await rm(partial);
  throw size === sizeBytes
    ? new DownloadError(name, `expected ${digest!.algorithm} ${digest!.hex}, got ${hex}`)
    : new DownloadError(name, `expected ${sizeBytes} bytes, got ${size}`);
}
