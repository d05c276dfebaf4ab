import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { WriteLine } from './log-lines.ts';
import { startProcess } from './managed-process.ts';

export const BUCKET = 'elite';

export type EdgeOptions = {
  readonly port: number;
  readonly bindings: Readonly<Record<string, string>>;
  /** For the S3 endpoint that leads to the same bucket as the edge's binding. */
  readonly s3Credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

/** Starts the edge in workerd; resolves when it answers. */
export async function startEdge(options: EdgeOptions, write: WriteLine): Promise<ChildProcess> {
  const child = startProcess({
    name: 'edge',
    module: new URL('edge-main.ts', import.meta.url),
    env: { CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false' }, // no call home
    write,
  });
  child.send(options);
  const ready = new AbortController();
  const died = once(child, 'exit', { signal: ready.signal }).then(([code]) => {
    throw new Error(`expected the edge to start, it ended with code ${code}`);
  });
  await Promise.race([once(child, 'message'), died]).finally(() => ready.abort());
  return child;
}

/** Where Miniflare serves the bucket as R2 serves it. */
export function s3Endpoint(origin: string): string {
  return new URL('/cdn-cgi/local/r2/s3', origin).href;
}
