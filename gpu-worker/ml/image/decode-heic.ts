import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { HeicReply, HeicRequest } from './heic-reply.ts';

/** A phone's 12-megapixel photo takes about two seconds on one core. */
const TIMEOUT_MS = 60_000;

/** Bundled for the command line, this file and the thread's end in .js. */
const THREAD = new URL(`./heic-thread${extname(import.meta.url)}`, import.meta.url);

/**
 * Decodes HEIC, as phones send it, in a thread that is ended when it takes too long.
 *
 * @throws Error when the thread itself fails, which is not the file's fault
 */
export async function decodeHeic(request: HeicRequest): Promise<HeicReply> {
  const thread = new Worker(THREAD, { workerData: request, stdout: true, stderr: true }); // libheif prints what it finds
  const { promise, resolve, reject } = Promise.withResolvers<HeicReply>();
  const timer = setTimeout(() => resolve({ problem: `not decoded within ${TIMEOUT_MS} ms` }), TIMEOUT_MS);
  thread.once('message', resolve);
  thread.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? resolve({ problem: error.message }) : reject(error),
  );
  thread.once('exit', (code) => reject(new Error(`the HEIC decoder ended with code ${code}`)));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}
