import { statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DownloadError } from './download-error.ts';
import { bytesSoFar, type DownloadOptions, downloadFile, isDownloaded } from './download-file.ts';
import type { HubAccess } from './hub-repository.ts';
import { type ModelSources, type PlannedFile, planPull } from './plan-pull.ts';

export type PullOptions = DownloadOptions & {
  /** Free bytes on the disk that holds a folder; injected by tests. */
  readonly freeBytes?: (folder: string) => Promise<number>;
};

export type PullProgress =
  /** A file that is there is being read, to see whether it is the right one. */
  | { readonly type: 'check'; readonly path: string }
  | { readonly type: 'plan'; readonly files: number; readonly missingFiles: number; readonly missingBytes: number }
  /** `receivedBytes` of all missing files together. */
  | { readonly type: 'bytes'; readonly path: string; readonly receivedBytes: number };

/** What a folder holds now, and how much of it was fetched. */
export type PullResult = { readonly files: number; readonly fetchedFiles: number; readonly fetchedBytes: number };

/** Room left on the disk beside the files. */
const SPARE_BYTES = 256 * 1024 * 1024;

/**
 * Fetches a model into `folder`. Files that are there and right are kept, interrupted ones continued; nothing is fetched when the disk
 * has no room for all of it.
 *
 * @throws DownloadError
 */
export async function* pullModel(
  folder: string,
  sources: ModelSources,
  access: HubAccess,
  options: PullOptions = {},
): AsyncGenerator<PullProgress, PullResult> {
  const planned = await planPull(sources, access);
  const missing: PlannedFile[] = [];
  let missingBytes = 0;
  for (const file of planned) {
    yield { type: 'check', path: file.path };
    const target = join(folder, file.path);
    if (await isDownloaded(file.source, target)) continue;
    missing.push(file);
    missingBytes += file.source.sizeBytes - (await bytesSoFar(file.source, target));
  }
  yield { type: 'plan', files: planned.length, missingFiles: missing.length, missingBytes };
  if (missing.length > 0) await requireFreeSpace(folder, missingBytes, options.freeBytes ?? freeBytes);

  let receivedBytes = 0;
  for (const { path, source } of missing) {
    const target = join(folder, path);
    let received = await bytesSoFar(source, target);
    for await (const bytes of downloadFile(source, target, options)) {
      receivedBytes += bytes - received;
      received = bytes;
      yield { type: 'bytes', path, receivedBytes };
    }
  }
  return { files: planned.length, fetchedFiles: missing.length, fetchedBytes: receivedBytes };
}

async function requireFreeSpace(folder: string, neededBytes: number, free: (folder: string) => Promise<number>) {
  const available = await free(folder);
  const needed = neededBytes + SPARE_BYTES;
  if (available < needed)
    throw new DownloadError(folder, `expected ${formatGB(needed)} of free space, got ${formatGB(available)}`);
}

/** Of the nearest folder above that exists. */
async function freeBytes(folder: string): Promise<number> {
  const path = resolve(folder);
  const stats = await statfs(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && dirname(path) !== path) return null;
    throw new DownloadError(folder, 'cannot be written to', { cause: error });
  });
  return stats ? stats.bavail * stats.bsize : await freeBytes(dirname(path));
}

function formatGB(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
