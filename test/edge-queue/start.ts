import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { TestProject } from 'vitest/node';

/** Runs server.ts beside the edge's tests: in a process of its own, as it would slow down the one that runs them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = fork(new URL('./server.ts', import.meta.url));
  const [settings] = await once(server, 'message');
  project.provide('edgeQueue', settings);
  project.provide('outboxJobs', Number(process.env.OUTBOX_JOBS ?? 200));
  project.provide('fuzzCases', Number(process.env.FUZZ_CASES ?? 5000));
  return async () => {
    server.disconnect();
    await once(server, 'exit');
  };
}

declare module 'vitest' {
  interface ProvidedContext {
    fuzzCases: number;
    outboxJobs: number;
    edgeQueue: { SQS_ENDPOINT: string; SQS_QUEUE_URL: string };
  }
}
