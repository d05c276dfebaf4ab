import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { TestProject } from 'vitest/node';

/** Runs server.ts beside the edge's tests. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = fork(new URL('./server.ts', import.meta.url));
  const [origin] = await once(server, 'message');
  project.provide('edgeReceiver', { RECEIVER_ORIGIN: origin, DNS_OVER_HTTPS_URL: `${origin}/dns-query` });
  return async () => {
    server.disconnect();
    await once(server, 'exit');
  };
}

declare module 'vitest' {
  interface ProvidedContext {
    edgeReceiver: { RECEIVER_ORIGIN: string; DNS_OVER_HTTPS_URL: string };
  }
}
