import { createExecutionContext, env, runInDurableObject, waitOnExecutionContext } from 'cloudflare:test';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createApp } from '../../edge/app.ts';
import { createHeldRequests } from '../../edge/durable-objects/held-requests.ts';
import { jobOf } from '../../edge/durable-objects/stubs.ts';
import type { EdgeEnv } from '../../edge/env.ts';
import { announceModel, type Client, expectProblem, newClient, ORIGIN, readyConcept } from './client.ts';

const QUOTA = 2;

const MAX_PAUSES = 5;

let client: Client;
let concept: string;

beforeAll(async () => {
  await announceModel();
  client = await newClient();
  concept = await readyConcept(client);
});

type Sent = { readonly token: string; readonly method?: string; readonly headers?: Readonly<Record<string, string>> };

/** A request to a Worker that holds few open, and for which every pause of a job is over as soon as `pause` is. */
async function held(
  path: string,
  { token, method = 'GET', headers = {} }: Sent,
  pause: () => Promise<unknown> = async () => {},
): Promise<Response> {
  let pauses = 0;
  async function pass(): Promise<void> {
    pauses += 1;
    if (pauses > MAX_PAUSES) {
      throw new Error(`expected the request to end within ${MAX_PAUSES} pauses, got another`);
    }
    await pause();
  }
  const getByName = (id: string) => {
    const job = jobOf(env, id);
    const wait = async () => {
      await pass();
      return job.view();
    };
    const eventsAfter = async (after: number) => {
      await pass();
      return job.eventsAfter(after, 0);
    };
    return { view: () => job.view(), wait, eventsAfter };
  };
  const bindings = { ...env, HELD_LIMIT_PER_KEY: String(QUOTA), JOB: { getByName } as unknown as EdgeEnv['JOB'] };
  const context = createExecutionContext();
  const init = {
    method,
    headers: { ...headers, Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(method === 'POST' && { body: JSON.stringify({ prompt: 'a S*', concepts: [{ concept }] }) }),
  };
  const response = await createApp().fetch(new Request(`${ORIGIN}${path}`, init), bindings, context);
  const answer = new Response(await response.text(), response);
  await waitOnExecutionContext(context);
  return answer;
}

async function newGeneration(): Promise<string> {
  const response = await client.post('/v1/generations', { prompt: 'a S*', concepts: [{ concept }] });
  return (await response.json<{ id: string }>()).id;
}

async function newKey(): Promise<{ id: string; secret: string }> {
  return (await client.post('/v1/keys', {})).json();
}

const TOKEN_SECONDS = 600;

async function newToken(): Promise<string> {
  const scopes = ['generations:read', 'generations:write'];
  const response = await client.post('/v1/client-tokens', { scopes, expires_in: TOKEN_SECONDS });
  return (await response.json<{ token: string }>()).token;
}

async function passTokenTime(): Promise<void> {
  vi.setSystemTime(Date.now() + 1000 * TOKEN_SECONDS);
}

afterEach(() => {
  vi.useRealTimers();
});

type Case = readonly [what: string, sentFor: (id: string) => readonly [path: string, init: Omit<Sent, 'token'>]];

const WAITS: readonly Case[] = [
  ['a wait for an end', (id) => [`/v1/generations/${id}?wait=60`, {}]],
  ['a wait for a change', (id) => [`/v1/generations/${id}?wait=60&until=change`, {}]],
  ['a create that is held', () => ['/v1/generations', { method: 'POST', headers: { Prefer: 'wait=60' } }]],
];

const HELD: readonly Case[] = [['an event stream', (id) => [`/v1/generations/${id}/events`, {}]], ...WAITS];

describe.each(WAITS)('%s', (_, sentFor) => {
  test('ends at the first pause after its key was deleted', async () => {
    const [path, init] = sentFor(await newGeneration());
    const { id, secret } = await newKey();
    const pause = () => client.send('DELETE', `/v1/keys/${id}`);
    await expectProblem(await held(path, { ...init, token: secret }, pause), 'unauthenticated');
  });

  test('ends at the first pause after its client token expired', async () => {
    const [path, init] = sentFor(await newGeneration());
    const token = await newToken();
    vi.useFakeTimers({ toFake: ['Date'] });
    await expectProblem(await held(path, { ...init, token }, passTokenTime), 'unauthenticated');
  });
});

test('an event stream ends at the first pause after its client token expired', async () => {
  const path = `/v1/generations/${await newGeneration()}/events`;
  const token = await newToken();
  vi.useFakeTimers({ toFake: ['Date'] });
  const pause = vi.fn(passTokenTime);
  expect((await held(path, { token }, pause)).status).toBe(200);
  expect(pause).toHaveBeenCalledOnce();
});

test('a wait for a change ends at once when there has been one between two pauses', async () => {
  const view = await jobOf(env, await newGeneration()).wait('change', { waitMs: 60_000, since: 0 });
  expect(view?.lastEventId).toBe(1);
});

describe('a key that holds as many requests open as it may', () => {
  async function fill(): Promise<{ key: { id: string; secret: string }; letGo: () => Promise<void> }> {
    const key = await newKey();
    const account = env.ACCOUNT.getByName(client.accountId);
    await runInDurableObject(account, async (instance) => {
      for (let place = 0; place < QUOTA; place += 1) {
        await instance.hold(key.id, `request ${place}`, QUOTA);
      }
    });
    return { key, letGo: () => runInDurableObject(account, (instance) => instance.letGo(key.id, 'request 0')) };
  }

  test.each(HELD)('is refused %s, and told why', async (_, sentFor) => {
    const { key, letGo } = await fill();
    const count = async () =>
      (await (await client.get('/v1/generations?limit=100')).json<{ data: unknown[] }>()).data.length;
    const [path, init] = sentFor(await newGeneration());
    const before = await count();
    const response = await held(path, { ...init, token: key.secret });
    expect(response.headers.get('RateLimit-Policy')).toBe('"key";q=100000;w=60, "held";q=2;qu="concurrent-requests"');
    expect(response.headers.get('RateLimit')).toMatch(/^"key";r=\d+;t=\d+, "held";r=0$/);
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
    await expectProblem(response, 'rate_limited');
    expect(await count()).toBe(before);

    await letGo();
    const deleteKey = () => client.send('DELETE', `/v1/keys/${key.id}`);
    expect((await held(path, { ...init, token: key.secret }, deleteKey)).status).not.toBe(429);
  });

  test('may ask without waiting', async () => {
    const { key } = await fill();
    expect((await held(`/v1/generations/${await newGeneration()}`, { token: key.secret })).status).toBe(200);
  });

  test('has its place again when an answer has come', async () => {
    const { secret } = await newKey();
    const id = await newGeneration();
    await client.post(`/v1/generations/${id}/cancel`);
    for (let time = 0; time <= QUOTA; time += 1) {
      expect((await held(`/v1/generations/${id}?wait=1`, { token: secret })).status).toBe(200);
      expect((await held(`/v1/generations/${id}/events`, { token: secret })).status).toBe(200);
    }
  });
});

describe('the count of requests held open', () => {
  test('keeps the place of one that asks again, and forgets one that does not', () => {
    const requests = createHeldRequests();
    const isOver = (id: string, nowMs: number) => requests.take('key', id, 1, nowMs).isOver;
    expect(isOver('a', 0)).toBe(false);
    expect(isOver('a', 29_999)).toBe(false);
    expect(isOver('b', 59_998)).toBe(true);
    expect(isOver('b', 59_999)).toBe(false);
    expect(isOver('a', 60_000)).toBe(true);
  });

  test('is of each key apart', () => {
    const requests = createHeldRequests();
    expect(requests.take('one', 'a', 1, 0)).toEqual({ quota: 1, remaining: 0, isOver: false });
    expect(requests.take('other', 'b', 1, 0).isOver).toBe(false);
    requests.release('one', 'a');
    expect(requests.take('one', 'c', 1, 0).isOver).toBe(false);
  });
});
