import { abortAllDurableObjects, env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Generation } from '../../../shared/generation.ts';
import { type DeliveryObject, deliverySchema } from '../../../shared/webhook.ts';
import { announceModel, type Client, expectProblem, newClient, photoForm, readyConcept, request } from '../client.ts';
import { png } from '../pictures.ts';
import { newAttempt, queuedMessage } from '../scripted-worker.ts';
import { newReceiver, type Received, setAddresses, webhookBody } from './receiver.ts';

const DAY_MS = 24 * 3_600_000;
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let client: Client;
let concept: string;

beforeAll(async () => {
  await announceModel();
  client = await newClient();
  concept = await readyConcept(client);
});

afterEach(() => {
  vi.useRealTimers();
});

async function generate(webhook: unknown, fields: object = {}): Promise<Generation> {
  const body = { prompt: 'a S* in the snow', concepts: [{ concept }], webhook, ...fields };
  const response = await client.post('/v1/generations', body, { traceparent: TRACEPARENT });
  expect(response.status).toBe(202);
  const generation = await response.json<Generation>();
  await setClock(generation.id, Date.now());
  return generation;
}

async function setClock(jobId: string, nowMs: number): Promise<void> {
  await runInDurableObject(env.JOB.getByName(jobId), (job) => {
    job.now = () => nowMs;
    job.random = () => 0.5;
  });
}

/** Lets a job's time come: its alarm rings, and what it attempts has ended when this returns. */
async function at(jobId: string, nowMs: number): Promise<void> {
  await setClock(jobId, nowMs);
  await runDurableObjectAlarm(env.JOB.getByName(jobId));
}

async function start(jobId: string) {
  const attempt = newAttempt(await queuedMessage(client.accountId, jobId));
  await attempt.report({ type: 'started' });
  return attempt;
}

async function finish(jobId: string): Promise<void> {
  await (await start(jobId)).succeed();
}

/** Oldest first. */
async function deliveriesOf(jobId: string): Promise<DeliveryObject[]> {
  const kind = jobId.startsWith('con_') ? 'concepts' : 'generations';
  const list = await (await client.get(`/v1/${kind}/${jobId}/deliveries`)).json<{ data: unknown[] }>();
  return deliverySchema.array().parse(list.data).toReversed();
}

/** Waits until the only delivery, or the one of the event, has been attempted so often. */
async function attempted(jobId: string, attempts: number, event?: string): Promise<DeliveryObject> {
  const find = async () => (await deliveriesOf(jobId)).find((delivery) => !event || delivery.event === event)!;
  await vi.waitFor(async () => expect((await find()).attempts).toHaveLength(attempts), { timeout: 10_000 });
  return find();
}

async function secret(): Promise<string> {
  return (await (await client.get('/v1/webhook-secret')).json<{ secret: string }>()).secret;
}

/** As a receiver checks a request when it comes. */
function verify({ headers, body }: Received, key: string): unknown {
  vi.useFakeTimers({ toFake: ['Date'], now: 1000 * Number(headers['webhook-timestamp']) });
  try {
    return new Webhook(key).verify(body, headers);
  } finally {
    vi.useRealTimers();
  }
}

describe('a webhook', () => {
  test('tells of the start and the end of a generation, in order and signed', async () => {
    const receiver = await newReceiver();
    const { id } = await generate({ url: receiver.url }, { metadata: { order: 7 } });
    await finish(id);
    const requests = await receiver.requests(2);
    expect(await receiver.events()).toEqual(['generation.started', 'generation.succeeded']);
    for (const received of requests) {
      expect(verify(received, await secret())).toEqual(JSON.parse(received.body));
      expect(() => verify({ ...received, body: `${received.body} ` }, secretOfAnother)).toThrow();
      expect(received.headers).toMatchObject({ 'content-type': 'application/json', traceparent: TRACEPARENT });
    }
    const end = webhookBody(requests[1]!);
    expect(end.data).toMatchObject({ id, status: 'succeeded', metadata: { order: 7 } });
    const image = end.type === 'generation.succeeded' ? end.data.images[0]!.url : '';
    expect((await request(image)).status).toBe(200);
    const ids = requests.map(({ headers }) => headers['webhook-id']);
    expect((await deliveriesOf(id)).map((delivery) => [delivery.id, delivery.status])).toEqual(
      ids.map((deliveryId) => [deliveryId, 'delivered']),
    );
  });

  test('tells of a concept that is ready or has failed, asked for in a form or in JSON', async () => {
    const receiver = await newReceiver();
    const webhook = JSON.stringify({ url: receiver.url });
    const form = await client.post('/v1/concepts', photoForm(png(), { webhook }));
    await finish((await form.json<{ id: string }>()).id);
    const json = await client.post('/v1/concepts', {
      image: { data: png().toBase64() },
      webhook: { url: receiver.url, events: ['concept.failed'] },
    });
    const { id } = await json.json<{ id: string }>();
    await client.post(`/v1/concepts/${id}/cancel`);
    await receiver.requests(2);
    expect(await receiver.events()).toEqual(['concept.ready', 'concept.failed']);
    expect(await deliveriesOf(id)).toMatchObject([{ event: 'concept.failed', status: 'delivered' }]);
  });

  test('tells of a failure, a cancellation and an expiry, and only of what it was asked for', async () => {
    const receiver = await newReceiver();
    const events = ['generation.failed', 'generation.canceled', 'generation.expired'];
    const failed = await generate({ url: receiver.url, events });
    const error = { code: 'engine_failed', message: 'x', retryable: true } as const;
    await (await start(failed.id)).report({ type: 'failed', error });
    await receiver.requests(1);
    const canceled = await generate({ url: receiver.url, events });
    await client.post(`/v1/generations/${canceled.id}/cancel`);
    await receiver.requests(2);
    const expired = await generate({ url: receiver.url, events }, { start_within: 60 });
    await at(expired.id, Date.now() + 61_000);
    await receiver.requests(3);
    expect(await receiver.events()).toEqual(events);
    await finish((await generate({ url: receiver.url, events })).id);
    expect(await receiver.received()).toHaveLength(3);
  });
});

const secretOfAnother = `whsec_${btoa('another secret of 24 bytes')}`;

describe('a receiver that is down', () => {
  test('for three attempts gets the end once it is up: once, under one id, freshly timed and signed', async () => {
    const receiver = await newReceiver([{ status: 500 }, { status: 503 }, { status: 404 }]);
    const { id } = await generate({ url: receiver.url, events: ['generation.succeeded'] });
    await finish(id);
    const waitsMs: number[] = [];
    for (let attempts = 1; attempts <= 3; attempts += 1) {
      const { next_attempt_at: next, attempts: log, status } = await attempted(id, attempts);
      expect(status).toBe('pending');
      waitsMs.push(Date.parse(next!) - Date.parse(log.at(-1)!.at));
      await at(id, Date.parse(next!));
    }
    const delivery = await attempted(id, 4);
    expect(delivery).toMatchObject({ status: 'delivered', next_attempt_at: null });
    expect(delivery.attempts.map(({ status_code }) => status_code)).toEqual([500, 503, 404, 204]);
    expect(waitsMs).toEqual([5_000, 300_000, 1_800_000]);
    const requests = await receiver.requests(4);
    expect(new Set(requests.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([delivery.id]));
    expect(new Set(requests.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(4);
    const [first, last] = [requests[0]!, requests[3]!].map((received) => ({
      received,
      body: webhookBody(received),
    })) as [{ body: never }, { received: Received; body: never }];
    expect(first.body).toMatchObject({ timestamp: (last.body as { timestamp: string }).timestamp });
    for (const received of requests) {
      verify(received, await secret());
    }
  });

  test('is not sent the start any more once the end is known, and the end at once', async () => {
    const receiver = await newReceiver([{ status: 500 }]);
    const { id } = await generate({ url: receiver.url });
    const attempt = await start(id);
    await attempted(id, 1);
    await attempt.succeed();
    await receiver.requests(2);
    expect(await receiver.events()).toEqual(['generation.started', 'generation.succeeded']);
    await vi.waitFor(async () =>
      expect((await deliveriesOf(id)).map(({ status }) => status)).toEqual(['superseded', 'delivered']),
    );
  });

  test('for good leaves the delivery exhausted after eight attempts, to be redelivered within 30 days', async () => {
    const receiver = await newReceiver(Array.from({ length: 8 }, () => ({ status: 500 })));
    const { id } = await generate({ url: receiver.url, events: ['generation.succeeded'] });
    await finish(id);
    for (let attempts = 1; attempts < 8; attempts += 1) {
      await at(id, Date.parse((await attempted(id, attempts)).next_attempt_at!));
    }
    const exhausted = await attempted(id, 8);
    expect(exhausted).toMatchObject({ status: 'exhausted', next_attempt_at: null });

    const again = await client.post(`/v1/deliveries/${exhausted.id}/redeliver`);
    expect(again.status).toBe(202);
    expect(await again.json()).toMatchObject({ id: exhausted.id, status: 'pending' });
    expect(await attempted(id, 9)).toMatchObject({ status: 'delivered' });
    const requests = await receiver.requests(9);
    expect(requests[8]?.headers['webhook-id']).toBe(exhausted.id);

    await at(id, Date.now() + 60 * DAY_MS);
    expect(await deliveriesOf(id)).toEqual([]);
    await expectProblem(await client.post(`/v1/deliveries/${exhausted.id}/redeliver`), 'not_found');
  });

  test('and asks for patience gets it', async () => {
    const receiver = await newReceiver([{ status: 429, headers: { 'Retry-After': '600' } }]);
    const { id } = await generate({ url: receiver.url, events: ['generation.started'] });
    await start(id);
    const { attempts, next_attempt_at: next } = await attempted(id, 1);
    expect(Date.parse(next!) - Date.parse(attempts[0]!.at)).toBe(600_000);
  });

  test.each([
    ['answers 410', { status: 410 }, ['disabled', 'disabled'], 1],
    [
      'aborts the message',
      { status: 400, headers: { 'webhook-delivery': 'abort-message' } },
      ['stopped', 'delivered'],
      2,
    ],
    ['redirects', { status: 307, headers: { Location: '/hooks/elsewhere' } }, ['superseded', 'delivered'], 2],
  ])('or rather %s', async (_, answer, statuses, requests) => {
    const receiver = await newReceiver([answer]);
    const { id } = await generate({ url: receiver.url });
    const attempt = await start(id);
    await attempted(id, 1, 'generation.started');
    await attempt.succeed();
    await vi.waitFor(async () => expect((await deliveriesOf(id)).map(({ status }) => status)).toEqual(statuses));
    expect(await receiver.received()).toHaveLength(requests);
  });
});

test('an end reaches its receiver though the edge dies between the event and the delivery', async () => {
  const receiver = await newReceiver([{ status: 200, hangs: true }]);
  const { id } = await generate({ url: receiver.url, events: ['generation.succeeded'] });
  const endedAtMs = Date.now();
  await finish(id);
  await receiver.requests(1);
  await abortAllDurableObjects();
  expect(await deliveriesOf(id)).toMatchObject([{ status: 'pending', attempts: [] }]);
  await at(id, endedAtMs + 120_000);
  expect(await deliveriesOf(id)).toMatchObject([{ status: 'delivered', attempts: [{ status_code: 204 }] }]);
  const [lost, accepted] = await receiver.requests(2);
  expect(accepted?.headers['webhook-id']).toBe(lost?.headers['webhook-id']);
});

describe('the secret of an account', () => {
  test('signs beside the one before it for 24 hours after a rotation', async () => {
    const before = await secret();
    const receiver = await newReceiver();
    const { id } = await generate({ url: receiver.url, events: ['generation.succeeded'] });
    const rotated = await client.post('/v1/webhook-secret/rotate', undefined, { 'Idempotency-Key': 'rotate' });
    const { secret: after, previous_expires_at: expiresAt } = await rotated.json<{
      secret: string;
      previous_expires_at: string;
    }>();
    expect(after).not.toBe(before);
    expect(await (await client.get('/v1/webhook-secret')).json()).toEqual({
      secret: after,
      previous_expires_at: expiresAt,
    });
    const replayed = await client.post('/v1/webhook-secret/rotate', undefined, { 'Idempotency-Key': 'rotate' });
    expect(await replayed.json()).toEqual({ secret: null, previous_expires_at: expiresAt });

    await finish(id);
    const [during] = await receiver.requests(1);
    verify(during!, before);
    verify(during!, after);
    expect(during?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);

    await runInDurableObject(env.ACCOUNT.getByName(client.accountId), (account) => {
      account.now = () => Date.parse(expiresAt);
    });
    const [{ id: delivery }] = (await deliveriesOf(id)) as [DeliveryObject];
    await client.post(`/v1/deliveries/${delivery}/redeliver`);
    const later = (await receiver.requests(2))[1]!;
    verify(later, after);
    expect(() => verify(later, before)).toThrow();
  });
});

describe('where a webhook may go', () => {
  test.each([
    'https://127.0.0.1/hook',
    'https://0x7f000001/hook',
    'https://[::ffff:10.0.0.1]/hook',
    'https://localhost/hook',
    'https://edge.test/hook',
    'http://hooks.example.com/hook',
    'https://nobody.example.com/hook',
    'https://private.example.com/hook',
    'not a URL',
  ])('is not %s, for a generation or a concept, nor in a dry run', async (url) => {
    await setAddresses('private.example.com', ['93.184.215.14', '10.0.0.1']);
    const body = { prompt: 'a S*', concepts: [{ concept }], webhook: { url } };
    for (const path of ['/v1/generations', '/v1/generations?dry_run=true']) {
      await expectProblem(await client.post(path, body), 'validation_failed', ['#/webhook/url']);
    }
    const photo = { image: { data: png().toBase64() }, webhook: { url } };
    await expectProblem(await client.post('/v1/concepts', photo), 'validation_failed', ['#/webhook/url']);
  });

  test('is not known while names cannot be looked up: that is for later', async () => {
    const webhook = { url: 'https://broken.example.com/hook' };
    const answer = await client.post('/v1/generations', { prompt: 'a S*', concepts: [{ concept }], webhook });
    expect(answer.headers.get('Retry-After')).toBe('5');
    await expectProblem(answer, 'unavailable');
  });

  test('is looked up again at each attempt', async () => {
    await setAddresses('rebinding.example.com', ['93.184.215.14', '2606:2800:21f:cb07::1']);
    const { id } = await generate({ url: 'https://rebinding.example.com/hook' });
    await setAddresses('rebinding.example.com', ['127.0.0.1']);
    await start(id);
    const { attempts, status } = await attempted(id, 1);
    expect(status).toBe('pending');
    expect(attempts).toMatchObject([{ status_code: null, error: expect.stringContaining('not sent') }]);
  });

  test.each([
    [{ events: ['generation.started'] }, ['#/webhook/url']],
    [{ url: 'https://hooks.example.com/', events: [] }, ['#/webhook/events']],
    [{ url: 'https://hooks.example.com/', events: ['concept.ready'] }, ['#/webhook/events/0']],
    [{ url: 'https://hooks.example.com/', secret: 'x' }, ['#/webhook/secret']],
    [{ url: `https://hooks.example.com/${'x'.repeat(2048)}` }, ['#/webhook/url']],
  ])('is refused in the form of %j', async (webhook, pointers) => {
    await setAddresses('hooks.example.com', ['93.184.215.14']);
    const body = { prompt: 'a S*', concepts: [{ concept }], webhook };
    await expectProblem(await client.post('/v1/generations', body), 'validation_failed', pointers);
  });
});

test('a delivery is not there for another account, nor when it never was', async () => {
  const receiver = await newReceiver();
  const { id } = await generate({ url: receiver.url, events: ['generation.succeeded'] });
  await finish(id);
  const delivery = await attempted(id, 1);
  const stranger = await newClient();
  await expectProblem(await stranger.post(`/v1/deliveries/${delivery.id}/redeliver`), 'not_found');
  await expectProblem(await stranger.get(`/v1/generations/${id}/deliveries`), 'not_found');
  await expectProblem(await client.post('/v1/deliveries/dlv_01ARZ3NDEKTSV4RRFFQ69G5FAV/redeliver'), 'not_found');
  await client.send('DELETE', `/v1/generations/${id}`);
  await expectProblem(await client.post(`/v1/deliveries/${delivery.id}/redeliver`), 'not_found');
});
