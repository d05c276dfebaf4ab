import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { DownloadError } from './download-error.ts';

/** Bytes to fetch, wherever they are. */
export type SourceFile = {
  /** For messages: a URL, a path, a file of a repository. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly digest: Digest | null;
  /** The bytes from `startByte` on. */
  read(startByte: number, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
};

/** `git` is SHA-1 over git's blob header and the content: how the hub names small files. */
export type Digest = { readonly algorithm: 'sha256' | 'git'; readonly hex: string };

/** A hash that ends in the digest's form once all of `sizeBytes` went through it. */
export function contentHash(digest: Digest | null, sizeBytes: number): Hash {
  return digest?.algorithm === 'git' ? createHash('sha1').update(`blob ${sizeBytes}\0`) : createHash('sha256');
}

const SHA256_FRAGMENT = /^#sha256=([0-9a-f]{64})$/;

/**
 * A file at `https://…`, or on this machine. Behind `#sha256=…` a URL may say what it must contain.
 *
 * @throws DownloadError when it is not there or does not tell its size.
 */
export async function openSource(urlOrPath: string, fetchUrl: typeof fetch = fetch): Promise<SourceFile> {
  return /^https?:/.test(urlOrPath) ? await openUrl(new URL(urlOrPath), fetchUrl) : await openPath(urlOrPath);
}

async function openPath(path: string): Promise<SourceFile> {
  const stats = await stat(path).catch((cause) => {
    throw new DownloadError(path, 'no such file', { cause });
  });
  if (!stats.isFile()) throw new DownloadError(path, 'expected a file');
  return {
    name: path,
    sizeBytes: stats.size,
    digest: null,
    read: async (start) => createReadStream(path, { start }),
  };
}

async function openUrl(url: URL, fetchUrl: typeof fetch): Promise<SourceFile> {
  const [, hex] = SHA256_FRAGMENT.exec(url.hash) ?? [];
  if (url.hash !== '' && hex === undefined)
    throw new DownloadError(url.href, 'expected #sha256= and 64 hexadecimal digits');
  const name = `${url.origin}${url.pathname}`; // a query may hold a signature
  const probe = await fetchUrl(url, { headers: { range: 'bytes=0-0' } }).catch((cause) => {
    throw new DownloadError(name, 'cannot be reached', { cause });
  });
  await probe.body?.cancel();
  if (!probe.ok) throw new DownloadError(name, `answered ${probe.status}`);
  const size = probe.headers.get('content-range')?.split('/')[1] ?? probe.headers.get('content-length');
  if (!size || !/^\d+$/.test(size)) throw new DownloadError(name, 'does not tell its size');
  return {
    name,
    sizeBytes: Number(size),
    digest: hex ? { algorithm: 'sha256', hex } : null,
    read: async (start, signal) => {
      const response = await fetchUrl(url, { headers: { range: `bytes=${start}-` }, signal });
      if (!response.ok || !response.body) throw new DownloadError(name, `answered ${response.status}`);
      return response.status === 206 ? response.body : skipBytes(response.body, start);
    },
  };
}

/** A server without ranges starts over. */
async function* skipBytes(stream: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of stream) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}
