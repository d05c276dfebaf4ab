import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import {
  announceModel,
  type Client,
  clientWith,
  expectProblem,
  newClient,
  photoForm,
  readyConcept,
  request,
} from './client.ts';
import { png } from './pictures.ts';
import { doJob, newAttempt, queuedMessage } from './scripted-worker.ts';

beforeAll(() => announceModel());

async function tokenOf(client: Client, request: Readonly<Record<string, unknown>>): Promise<Client> {
  const response = await client.post('/v1/client-tokens', request);
  expect(response.status).toBe(201);
  return clientWith((await response.json<{ token: string }>()).token, client.accountId);
}

describe('POST /v1/accounts', () => {
  test('opens an account whose key works at once', async () => {
    const headers = { Authorization: `Bearer ${env.ADMIN_TOKEN}` };
    const response = await request('/v1/accounts', { method: 'POST', headers });
    expect(response.status).toBe(201);
    const account = await response.json<{
      id: string;
      api_key: { id: string; secret: string };
      webhook_secret: string;
    }>();
    expect(account).toMatchObject({ id: expect.stringMatching(/^acc_/), object: 'account' });
    expect(account.webhook_secret).toMatch(/^whsec_[\w+/]{32}$/);
    expect((await clientWith(account.api_key.secret).get('/v1/concepts')).status).toBe(200);
  });
});

test('the local key opens its account, whatever it begins with', async () => {
  expect(env.BOOTSTRAP_API_KEY).toMatch(/^ey/); // as a client token does
  expect((await clientWith(env.BOOTSTRAP_API_KEY!).get('/v1/concepts')).status).toBe(200);
});

describe('API keys', () => {
  test('are listed without secrets, and nowhere stored in clear', async () => {
    const client = await newClient();
    const made = await (await client.post('/v1/keys', { name: 'server' })).json<{ id: string; secret: string }>();
    const { data } = await (await client.get('/v1/keys')).json<{ data: Record<string, unknown>[] }>();
    expect(data).toHaveLength(2);
    expect(data[0]).toEqual({
      id: made.id,
      object: 'api_key',
      name: 'server',
      created_at: expect.any(String),
      last_used_at: null,
    });
    expect(data[1]?.last_used_at).toEqual(expect.any(String));
    const stored = await runInDurableObject(env.ACCOUNT.getByName(client.accountId), (_, state) =>
      JSON.stringify(state.storage.sql.exec('SELECT * FROM key').toArray()),
    );
    expect(stored).not.toContain(made.secret);
    expect(stored).not.toContain(made.secret.slice(-43));
  });

  test('are listed page by page', async () => {
    const client = await newClient();
    for (const name of ['a', 'b']) {
      await client.post('/v1/keys', { name });
    }
    const page = async (query: string) =>
      (await client.get(`/v1/keys?limit=2${query}`)).json<{
        data: { name: string | null }[];
        has_more: boolean;
        next_cursor: string | null;
      }>();
    const first = await page('');
    expect(first).toMatchObject({ data: [{ name: 'b' }, { name: 'a' }], has_more: true });
    expect(await page(`&cursor=${first.next_cursor}`)).toMatchObject({
      data: [{ name: null }],
      has_more: false,
      next_cursor: null,
    });
    await expectProblem(await client.get('/v1/keys?limit=101'), 'validation_failed', ['#/limit']);
  });

  test('are dead at once when deleted', async () => {
    const client = await newClient();
    const { id, secret } = await (await client.post('/v1/keys', {})).json<{ id: string; secret: string }>();
    expect((await clientWith(secret).get('/v1/keys')).status).toBe(200);
    expect((await client.send('DELETE', `/v1/keys/${id}`)).status).toBe(204);
    await expectProblem(await clientWith(secret).get('/v1/keys'), 'unauthenticated');
    await expectProblem(await client.send('DELETE', `/v1/keys/${id}`), 'not_found');
  });
});

describe('client tokens', () => {
  test.each([
    [{}, ['#/scopes']],
    [{ scopes: [] }, ['#/scopes']],
    [{ scopes: ['keys:write'] }, ['#/scopes/0']],
    [{ scopes: ['concepts:read'], expires_in: 59 }, ['#/expires_in']],
    [{ scopes: ['concepts:read'], expires_in: 7201 }, ['#/expires_in']],
    [{ scopes: ['concepts:read'], concepts: ['x'] }, ['#/concepts/0']],
  ])('are refused: %j', async (body, pointers) => {
    await expectProblem(await (await newClient()).post('/v1/client-tokens', body), 'validation_failed', pointers);
  });

  test('limited to concepts see those only, and what was made of them', async () => {
    const client = await newClient();
    const [mine, other] = [await readyConcept(client), await readyConcept(client)];
    for (const concept of [mine, other]) {
      await client.post('/v1/generations', { prompt: 'a S*', concepts: [{ concept }] });
    }
    const scopes = ['concepts:read', 'concepts:write', 'generations:read', 'generations:write'];
    const phone = await tokenOf(client, { scopes, concepts: [mine] });
    const list = async (path: string) =>
      (await (await phone.get(path)).json<{ data: unknown[]; has_more: boolean }>()).data;
    expect(await list('/v1/concepts?limit=1')).toMatchObject([{ id: mine }]);
    expect(await list('/v1/generations')).toMatchObject([{ input: { concepts: [{ concept: mine }] } }]);
    await expectProblem(await phone.get(`/v1/concepts/${other}`), 'not_found');
    const generate = (concept: string) => phone.post('/v1/generations', { prompt: 'a S*', concepts: [{ concept }] });
    expect((await generate(mine)).status).toBe(202);
    await expectProblem(await generate(other), 'validation_failed', ['#/concepts/0/concept']);
    await expectProblem(await phone.post('/v1/concepts', photoForm(png())), 'insufficient_scope');
  });
});

describe('rate limits', () => {
  test('are told with every answer, and stop an end user but not the others', async () => {
    const client = await newClient();
    const phone = await tokenOf(client, { scopes: ['concepts:read'], end_user: 'ann' });
    const told = (response: Response) => [response.headers.get('RateLimit-Policy'), response.headers.get('RateLimit')];
    expect(told(await phone.get('/v1/concepts'))).toEqual([
      '"key";q=100000;w=60, "end_user";q=5;w=60',
      expect.stringMatching(/^"key";r=\d+;t=\d+, "end_user";r=4;t=60$/),
    ]);
    for (let i = 0; i < 4; i += 1) {
      expect((await phone.get('/v1/concepts')).status).toBe(200);
    }
    const stopped = await phone.get('/v1/concepts');
    expect(Number(stopped.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(told(stopped)[1]).toContain('"end_user";r=0');
    await expectProblem(stopped, 'rate_limited');
    const other = await tokenOf(client, { scopes: ['concepts:read'], end_user: 'bob' });
    expect((await other.get('/v1/concepts')).status).toBe(200);
    expect((await client.get('/v1/concepts')).status).toBe(200);

    await runInDurableObject(env.ACCOUNT.getByName(client.accountId), (account) => {
      account.now = () => Date.now() + 60_000;
    });
    expect((await phone.get('/v1/concepts')).status).toBe(200);
  });
});

describe('GET /v1/usage', () => {
  test('counts what succeeded, in all and by end user', async () => {
    const client = await newClient();
    const concept = await readyConcept(client);
    const phone = await tokenOf(client, { scopes: ['generations:write'], end_user: 'ann' });
    const body = { prompt: 'a S*', concepts: [{ concept }], steps: 10, num_images: 2 };
    const done = await (await phone.post('/v1/generations', body)).json<{ id: string }>();
    await doJob(client.accountId, done.id);
    const canceled = await (await client.post('/v1/generations', body)).json<{ id: string }>();
    await client.post(`/v1/generations/${canceled.id}/cancel`);

    expect(await (await client.get('/v1/usage')).json()).toEqual({
      period: new Date().toISOString().slice(0, 7),
      concepts: 1,
      generations: 1,
      images: 2,
      steps: 20,
      end_users: [{ end_user: 'ann', concepts: 0, generations: 1, images: 2, steps: 20 }],
    });
    expect(await (await client.get('/v1/usage?period=2020-01')).json()).toMatchObject({
      generations: 0,
      end_users: [],
    });
    await expectProblem(await client.get('/v1/usage?period=2020-13'), 'validation_failed', ['#/period']);
  });
});

describe('GET /v1/account/export', () => {
  test('gives everything, an object a line, and no secrets', async () => {
    const client = await newClient();
    const concept = await readyConcept(client);
    const body = { prompt: 'a S*', concepts: [{ concept }] };
    const generation = await (await client.post('/v1/generations', body)).json<{ id: string }>();
    await doJob(client.accountId, generation.id);
    const create = await client.post(`/v1/concepts/${concept}/shares`, { max_uses: 3 });
    const { url, ...share } = await create.json<{ url: string }>();
    const response = await client.get('/v1/account/export');
    expect(response.headers.get('Content-Type')).toBe('application/x-ndjson');
    const text = await response.text();
    const objects = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(objects).toMatchObject([
      { object: 'api_key', id: client.keyId },
      { object: 'concept', id: concept },
      share,
      { object: 'generation', id: generation.id, images: [{ url: expect.stringContaining('sig=') }] },
      { object: 'usage', ...(await (await client.get('/v1/usage')).json<object>()) },
    ]);
    expect(text).not.toContain(client.token);
    expect(text).not.toContain(url.slice(url.lastIndexOf('/')));
  });
});

describe('DELETE /v1/account', () => {
  test('leaves nothing behind: no key, no file, no record, no running job, not the account itself', async () => {
    const client = await newClient();
    const concept = await readyConcept(client);
    const body = { prompt: 'a S*', concepts: [{ concept }] };
    const running = await (await client.post('/v1/generations', body)).json<{ id: string }>();
    const attempt = newAttempt(await queuedMessage(client.accountId, running.id));
    await attempt.report({ type: 'started' });
    await attempt.writeResult();
    const { image_url: image } = await (await client.get(`/v1/concepts/${concept}`)).json<{ image_url: string }>();
    const { url: share } = await (await client.post(`/v1/concepts/${concept}/shares`, {})).json<{ url: string }>();

    expect((await client.send('DELETE', '/v1/account')).status).toBe(204);
    await expectProblem(await client.get('/v1/concepts'), 'unauthenticated');
    await expectProblem(await request(image), 'not_found');
    expect((await request(share, { headers: { Accept: 'application/json' } })).status).toBe(410);
    expect(await attempt.report({ type: 'progress', step: 1, steps: 2 })).toEqual({ action: 'stop', reason: 'ended' });

    const account = env.ACCOUNT.getByName(client.accountId);
    await runInDurableObject(account, (instance) => {
      instance.now = () => Date.now() + 5_400_000;
    });
    await vi.waitUntil(
      async () => {
        await runDurableObjectAlarm(account);
        return runInDurableObject(account, (_, state) => state.storage.kv.get('id') === undefined);
      },
      { timeout: 20_000, interval: 100 },
    );
    for (const prefix of [`accounts/${client.accountId}/`, `uploads/${client.accountId}/`]) {
      expect((await env.BUCKET.list({ prefix })).objects).toEqual([]);
    }
  });
});

describe('retain', () => {
  test('deletes a generation with its images when its time is over, by default after 30 days; a concept when asked to', async () => {
    const client = await newClient();
    const concept = await readyConcept(client);
    const make = async (changes: object) => {
      const body = { prompt: 'a S*', concepts: [{ concept }], ...changes };
      return (await client.post('/v1/generations', body)).json<{
        id: string;
        created_at: string;
        expires_at: string;
      }>();
    };
    const [short, usual] = [await make({ retain: 3600 }), await make({})];
    const days = (Date.parse(usual.expires_at) - Date.parse(usual.created_at)) / 86_400_000;
    expect(days).toBe(30);
    await doJob(client.accountId, short.id);
    const photo = await (await client.post('/v1/concepts', photoForm(png(), { retain: '3600' }))).json<{
      id: string;
    }>();

    const account = env.ACCOUNT.getByName(client.accountId);
    await runInDurableObject(account, (instance) => {
      instance.now = () => Date.now() + 3_601_000;
    });
    await runDurableObjectAlarm(account);
    await expectProblem(await client.get(`/v1/generations/${short.id}`), 'not_found');
    await expectProblem(await client.get(`/v1/concepts/${photo.id}`), 'not_found');
    expect((await client.get(`/v1/generations/${usual.id}`)).status).toBe(200);
    expect((await client.get(`/v1/concepts/${concept}`)).status).toBe(200);
    const prefix = `accounts/${client.accountId}/generations/${short.id}/`;
    await expect.poll(async () => (await env.BUCKET.list({ prefix })).objects).toEqual([]);
  });

  test('is from an hour to a year', async () => {
    const client = await newClient();
    for (const retain of [3599, 31_536_001]) {
      await expectProblem(
        await client.post('/v1/concepts', photoForm(png(), { retain: String(retain) })),
        'validation_failed',
        ['#/retain'],
      );
    }
  });
});
