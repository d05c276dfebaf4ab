import { createExecutionContext, env, waitOnExecutionContext } from 'cloudflare:test';
import { beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../edge/app.ts';
import { jobOf } from '../../edge/durable-objects/stubs.ts';
import type { EdgeEnv } from '../../edge/env.ts';
import { announceModel, type Client, newClient, ORIGIN, photoForm, readyConcept } from './client.ts';
import { png } from './pictures.ts';
import { newAttempt, queuedMessage } from './scripted-worker.ts';

type SentEvent = {
  readonly id: number;
  readonly event: string;
  readonly data: { progress: unknown; object: { status: string } | null };
};

let client: Client;
let conceptId: string;

beforeAll(async () => {
  await announceModel();
  client = await newClient();
  conceptId = await readyConcept(client);
});

/** Reads events as they come; the connection is cut after `count` of them, or ends by itself. */
async function* events(
  path: string,
  { after, count = Number.POSITIVE_INFINITY }: { after?: number; count?: number } = {},
) {
  const response = await client.get(path, after === undefined ? {} : { 'Last-Event-ID': String(after) });
  expect(response.headers.get('Content-Type')).toContain('text/event-stream');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let seen = 0;
  for (let chunk = await reader.read(); !chunk.done && seen < count; chunk = await reader.read()) {
    const blocks = (text + chunk.value).split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks.filter((candidate) => !candidate.startsWith(':')).slice(0, count - seen)) {
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]));
      yield { id: Number(fields.id), event: fields.event, data: JSON.parse(fields.data!) } as SentEvent;
      seen += 1;
    }
    if (seen >= count) {
      break;
    }
  }
  await reader.cancel();
}

async function newJob(steps: number) {
  const body = { prompt: 'a S*', concepts: [{ concept: conceptId }], steps };
  const { id } = await (await client.post('/v1/generations', body)).json<{ id: string }>();
  const attempt = newAttempt(await queuedMessage(client.accountId, id));
  async function run() {
    await attempt.report({ type: 'started' });
    for (let step = 1; step <= steps; step += 1) {
      await attempt.report({ type: 'progress', step, steps });
    }
    await attempt.succeed();
  }
  return { path: `/v1/generations/${id}/events`, run };
}

/** What a stream says of a job that, while `pauses`, has nothing new to tell when it is asked. */
async function streamWith(pauses: () => Promise<boolean>, path: string, token = client.token): Promise<string> {
  const getByName = (id: string) => {
    const job = jobOf(env, id);
    const eventsAfter = async (after: number, waitMs: number) =>
      (await pauses()) ? [] : job.eventsAfter(after, waitMs);
    return { eventsAfter, view: () => job.view() };
  };
  const bindings = { ...env, JOB: { getByName } as unknown as EdgeEnv['JOB'] };
  const headers = { Authorization: `Bearer ${token}` };
  const context = createExecutionContext();
  const response = await createApp().fetch(new Request(`${ORIGIN}${path}`, { headers }), bindings, context);
  const text = await response.text();
  await waitOnExecutionContext(context);
  return text;
}

function times(count: number): () => Promise<boolean> {
  let left = count;
  return async () => left-- > 0;
}

describe('server-sent events', () => {
  test('tell of an end that comes when a pause is just over', async () => {
    const { path, run } = await newJob(1);
    await run();
    expect(await streamWith(times(1), path)).toContain('event: succeeded');
  });

  test('say every third pause that they are still there', async () => {
    const { path, run } = await newJob(1);
    const telling = streamWith(times(7), path);
    await run();
    expect((await telling).match(/^: still here$/gm)).toHaveLength(2);
  });

  test('end at the first pause after their key was deleted', async () => {
    const { path } = await newJob(1);
    const { id, secret } = await (await client.post('/v1/keys', {})).json<{ id: string; secret: string }>();
    const pauseAndDelete = async () => {
      await client.send('DELETE', `/v1/keys/${id}`);
      return true;
    };
    expect(await streamWith(pauseAndDelete, path, secret)).toBe('');
  });

  test('tell everything from the start, live, and close after the end', async () => {
    const { path, run } = await newJob(3);
    const running = run();
    const all = await Array.fromAsync(events(path));
    await running;
    expect(all.map(({ id, event }) => [id, event])).toEqual([
      [1, 'queued'],
      [2, 'running'],
      [3, 'progress'],
      [4, 'progress'],
      [5, 'progress'],
      [6, 'succeeded'],
    ]);
    expect(all[3]?.data.progress).toEqual({ step: 2, steps: 3 });
    expect(all[5]?.data.object).toMatchObject({ status: 'succeeded', images: [{ seed: expect.any(Number) }] });
    expect(await Array.fromAsync(events(path))).toMatchObject(all.map(({ id, event }) => ({ id, event })));
  });

  test('cut and resumed at every event miss none and tell none twice', async () => {
    const { path, run } = await newJob(20);
    const running = run();
    const seen: SentEvent[] = [];
    while (seen.at(-1)?.event !== 'succeeded') {
      for await (const event of events(path, { after: seen.at(-1)?.id ?? 0, count: 1 })) {
        seen.push(event);
      }
    }
    await running;
    expect(seen.map(({ id }) => id)).toEqual(Array.from({ length: 23 }, (_, i) => i + 1));
    expect(await Array.fromAsync(events(path, { after: 23 }))).toEqual([]);
  });

  test('of a concept end with ready; a cancelled job’s with canceled', async () => {
    const concept = await (await client.post('/v1/concepts', photoForm(png()))).json<{ id: string }>();
    const attempt = newAttempt(await queuedMessage(client.accountId, concept.id));
    await attempt.succeed();
    const names = (all: SentEvent[]) => all.map(({ event }) => event);
    expect(names(await Array.fromAsync(events(`/v1/concepts/${concept.id}/events`)))).toEqual([
      'queued',
      'running',
      'ready',
    ]);

    const { path } = await newJob(1);
    await client.post(path.replace('/events', '/cancel'));
    expect(names(await Array.fromAsync(events(path)))).toEqual(['queued', 'canceled']);
  });

  test('start from the beginning when Last-Event-ID makes no sense', async () => {
    const { path, run } = await newJob(1);
    await run();
    const response = await client.get(path, { 'Last-Event-ID': 'somewhere' });
    expect(await response.text()).toContain('event: queued\n');
  });
});
