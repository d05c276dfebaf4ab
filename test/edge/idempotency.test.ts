import { env, runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, test } from 'vitest';
import { accountOf } from '../../edge/durable-objects/stubs.ts';
import type { Generation } from '../../shared/generation.ts';
import { announceModel, type Client, clientWith, expectProblem, newClient, photoForm, readyConcept } from './client.ts';
import { png } from './pictures.ts';
import { doJob } from './scripted-worker.ts';

let client: Client;
let conceptId: string;

beforeAll(async () => {
  await announceModel();
  client = await newClient();
  conceptId = await readyConcept(client);
});

function input(changes: Readonly<Record<string, unknown>> = {}) {
  return { prompt: 'a S* in the snow', concepts: [{ concept: conceptId }], ...changes };
}

function create(key: string, body: object = input(), path = '/v1/generations'): Promise<Response> {
  return client.post(path, body, { 'Idempotency-Key': key });
}

async function setClock(offsetMs: number): Promise<void> {
  await runInDurableObject(env.ACCOUNT.getByName(client.accountId), (account) => {
    account.now = () => Date.now() + offsetMs;
  });
}

describe('a request with an Idempotency-Key', () => {
  test('gets the first answer again, quoted or not, however its fields are ordered', async () => {
    const first = await create('order-1');
    const body = await first.text();
    const { prompt, concepts } = input();
    const again = await create('"order-1"', { concepts, prompt });
    expect(again.status).toBe(202);
    expect(again.headers.get('Idempotent-Replayed')).toBe('true');
    expect(again.headers.get('Location')).toBe(first.headers.get('Location'));
    expect(again.headers.get('Content-Type')).toBe(first.headers.get('Content-Type'));
    expect(await again.text()).toBe(body);
    expect(first.headers.get('Idempotent-Replayed')).toBeNull();
  });

  test('is refused with another request, also on another path or query', async () => {
    await create('order-2');
    await expectProblem(await create('order-2', input({ seed: 1 })), 'idempotency_mismatch');
    await expectProblem(await create('order-2', input(), '/v1/generations?dry_run=true'), 'idempotency_mismatch');
    await expectProblem(await create('order-2', {}, '/v1/uploads'), 'idempotency_mismatch');
  });

  test('is another account’s own business', async () => {
    const stranger = await newClient();
    await create('order-3');
    const response = await stranger.post(
      '/v1/uploads',
      { content_type: 'image/png', size: 1 },
      { 'Idempotency-Key': 'order-3' },
    );
    expect(response.status).toBe(201);
  });

  test('of one end user is not another’s', async () => {
    const tokenOf = async (end_user: string) => {
      const body = { scopes: ['generations:write'], end_user };
      const { token } = await (await client.post('/v1/client-tokens', body)).json<{ token: string }>();
      return clientWith(token);
    };
    const send = async (one: Client) => one.post('/v1/generations', input(), { 'Idempotency-Key': 'shared' });
    expect((await send(await tokenOf('ann'))).status).toBe(202);
    await expectProblem(await send(await tokenOf('bob')), 'idempotency_mismatch');
    expect((await send(await tokenOf('ann'))).headers.get('Idempotent-Replayed')).toBe('true');
  });

  test('gets a definite refusal again, under its own request id', async () => {
    await expectProblem(await create('order-4', input({ steps: 0 })), 'validation_failed', ['#/steps']);
    const again = await create('order-4', input({ steps: 0 }));
    expect(again.headers.get('Idempotent-Replayed')).toBe('true');
    await expectProblem(again, 'validation_failed', ['#/steps']);
    await expectProblem(await create('order-4'), 'idempotency_mismatch');
  });

  test('knows a form by its fields and files, not by its boundary', async () => {
    const photo = png();
    const post = (form: FormData) => client.post('/v1/concepts', form, { 'Idempotency-Key': 'photo-1' });
    const first = await (await post(photoForm(photo, { name: 'Rex' }))).json();
    const again = await post(photoForm(photo, { name: 'Rex' }));
    expect(again.status).toBe(202);
    expect(again.headers.get('Idempotent-Replayed')).toBe('true');
    expect(await again.json()).toEqual(first);
    await expectProblem(await post(photoForm(png(), { name: 'Rex' })), 'idempotency_mismatch');
  });

  test('does not get a secret twice', async () => {
    const post = () => client.post('/v1/keys', { name: 'server' }, { 'Idempotency-Key': 'key-1' });
    const first = await (await post()).json<{ id: string; secret: string }>();
    expect(await (await post()).json()).toEqual({ ...first, secret: null });
    const { data } = await (await client.get('/v1/keys')).json<{ data: unknown[] }>();
    expect(data).toHaveLength(2);
  });

  test.each(['""', 'x'.repeat(256)])('is refused with a key of no or too many characters', async (key) => {
    await expectProblem(await create(key), 'validation_failed', ['#/idempotency-key']);
  });

  test('200 times at once makes one job', async () => {
    const before = await count();
    const answers = await Promise.all(Array.from({ length: 200 }, () => create('rush')));
    const accepted = answers.filter(({ status }) => status === 202);
    expect(accepted.length).toBeGreaterThan(0);
    expect(answers.filter(({ status }) => status !== 202 && status !== 409)).toEqual([]);
    const ids = await Promise.all(accepted.map(async (answer) => (await answer.json<Generation>()).id));
    expect(new Set(ids).size).toBe(1);
    expect(await count()).toBe(before + 1);
  });

  test('may be made anew after a day', async () => {
    const first = await (await create('day')).json<Generation>();
    await setClock(24 * 3_600_000);
    expect((await (await create('day')).json<Generation>()).id).not.toBe(first.id);
    await setClock(0);
  });
});

describe('a request that died', () => {
  async function die(key: string): Promise<void> {
    await runInDurableObject(env.ACCOUNT.getByName(client.accountId), (_, state) => {
      state.storage.sql.exec('UPDATE idempotency SET answer = NULL WHERE key = ?', key);
    });
  }

  test('after it made its object gives that object when it is made again, not a second one', async () => {
    const first = await (await create('dead')).json<Generation>();
    await die('dead');
    await expectProblem(await create('dead'), 'idempotency_in_progress');
    await setClock(120_000);
    const again = await create('dead');
    expect([again.status, (await again.json<Generation>()).id]).toEqual([202, first.id]);
    await doJob(client.accountId, first.id);
    expect((await create('dead')).status).toBe(201);
    await setClock(0);
  });

  test('with an error after it made its object gives that object too, and at once', async () => {
    const first = await (await create('failed')).json<Generation>();
    await die('failed');
    await accountOf(env, client.accountId).endRequest('failed', null);
    const again = await create('failed');
    expect([again.status, (await again.json<Generation>()).id]).toEqual([202, first.id]);
  });
});

async function count(): Promise<number> {
  const { data } = await (await client.get('/v1/generations?limit=100')).json<{ data: unknown[] }>();
  return data.length;
}
