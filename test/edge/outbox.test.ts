import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeAll, expect, inject, test, vi } from 'vitest';
import { jobOf } from '../../edge/durable-objects/stubs.ts';
import type { JobResult } from '../../shared/job-result.ts';
import type { QueueMessage } from '../../shared/queue-message.ts';
import { announceModel, type Client, newClient, readyConcept } from './client.ts';
import { newAttempt, queuedMessages } from './scripted-worker.ts';

const JOBS = inject('outboxJobs');

let client: Client;
let conceptId: string;

beforeAll(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {}); // the queue's refusals, by the hundred
  await announceModel();
  client = await newClient();
  conceptId = await readyConcept(client);
});

async function failShareOfSends(share: number): Promise<void> {
  await fetch(`${env.SQS_ENDPOINT}/-/failures?account=${client.accountId}`, { method: 'PUT', body: String(share) });
}

async function create(): Promise<string> {
  const response = await client.post('/v1/generations', { prompt: 'a S*', concepts: [{ concept: conceptId }] });
  expect(response.status).toBe(202);
  return (await response.json<{ id: string }>()).id;
}

declare module 'vitest' {
  interface ProvidedContext {
    outboxJobs: number;
  }
}

const BATCH = 50;

async function inBatches<T, R>(items: readonly T[], handle: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += BATCH) {
    results.push(...(await Promise.all(items.slice(start, start + BATCH).map(handle))));
  }
  return results;
}

/** The shortest way to an end: nothing is written, and nothing is left to sweep. */
async function succeedWithoutImages(message: QueueMessage): Promise<void> {
  const { attempt, report } = newAttempt(message);
  const result: JobResult = {
    version: 1,
    kind: 'generate',
    job_id: message.job_id,
    attempt,
    model: message.model,
    images: [],
    prompt_truncated: false,
    completed_at: new Date().toISOString(),
    timings: { encode_ms: 0, denoise_ms: 0, decode_ms: 0, upload_ms: 0 },
  };
  await report({ type: 'succeeded', result });
}

/** As the platform would in a minute: runs the alarm of a job that is still owed to the queue. */
async function passMinute(id: string): Promise<void> {
  const job = env.JOB.getByName(id);
  await runInDurableObject(job, (instance) => {
    instance.now = () => Date.now() + 60_000;
  });
  await runDurableObjectAlarm(job);
}

test(`${JOBS} jobs accepted while the queue fails half of the sends all reach it, and an end, and no others`, {
  timeout: 1_200_000,
}, async () => {
  const numbers = Array.from({ length: JOBS }, (_, i) => i);
  const quarter = (from: number, to: number) => inBatches(numbers.slice((from * JOBS) / 4, (to * JOBS) / 4), create);
  const ids = await quarter(0, 1);
  const missing = async () => {
    const arrived = new Set((await queuedMessages(client.accountId)).map(({ job_id }) => job_id));
    return ids.filter((id) => !arrived.has(id));
  };
  await failShareOfSends(0.5);
  ids.push(...(await quarter(1, 3)));
  expect((await missing()).length).toBeGreaterThan(0); // before alarms have made up for it
  await failShareOfSends(0);
  ids.push(...(await quarter(3, 4)));
  expect(new Set(ids).size).toBe(JOBS);

  await inBatches(await missing(), passMinute);
  await vi.waitUntil(async () => (await missing()).length === 0, { timeout: 60_000, interval: 200 });

  const messages = (await queuedMessages(client.accountId)).filter(({ kind }) => kind === 'generate');
  await inBatches(messages, succeedWithoutImages);
  const views = await inBatches(ids, (id) => jobOf(env, id).view());
  expect(views.filter((view) => view?.state.status === 'succeeded')).toHaveLength(JOBS);
  const { data } = await (await client.get('/v1/generations?status=queued')).json<{ data: unknown[] }>();
  expect(data).toEqual([]);
});
