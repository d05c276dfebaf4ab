import { env, runInDurableObject } from 'cloudflare:test';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { shareNameOf } from '../../edge/credentials/share-token.ts';
import { type Concept, conceptSchema } from '../../shared/concept.ts';
import { type Generation, generationSchema } from '../../shared/generation.ts';
import type { GenerateResult } from '../../shared/job-result.ts';
import type { QueueMessage } from '../../shared/queue-message.ts';
import { publicShareSchema, type ShareObject, shareSchema } from '../../shared/share.ts';
import { announceModel, type Client, expectProblem, newClient, ORIGIN, readyConcept, request } from './client.ts';
import { doJob, newAttempt, queuedMessage, queuedMessages, testConceptFile } from './scripted-worker.ts';

let owner: Client;
let guest: Client;
let concept: string;

beforeAll(async () => {
  await announceModel();
  guest = await newClient();
});

beforeEach(async () => {
  owner = await newClient();
  concept = await readyConcept(owner);
});

type NewShare = ShareObject & { readonly url: string };

async function share(terms: Readonly<Record<string, unknown>> = {}): Promise<NewShare> {
  const response = await owner.post(`/v1/concepts/${concept}/shares`, terms);
  expect(response.status).toBe(201);
  const created = shareSchema.parse(await response.json());
  expect(created.url).toMatch(/^https:\/\/edge\.test\/s\/[\w-]{43}$/);
  return created as NewShare;
}

async function usesOf({ id }: ShareObject): Promise<number> {
  return (await (await owner.get(`/v1/concepts/${concept}/shares/${id}`)).json<ShareObject>()).uses;
}

async function revoke({ id }: ShareObject): Promise<void> {
  expect((await owner.send('DELETE', `/v1/concepts/${concept}/shares/${id}`)).status).toBe(204);
}

async function expire({ url }: NewShare): Promise<void> {
  const stub = env.SHARE.getByName(await shareNameOf(url.slice(-43)));
  await runInDurableObject(stub, (instance) => {
    instance.now = () => Date.now() + 3_600_000;
  });
}

function generateWith(url: string, client = guest): Promise<Response> {
  return client.post('/v1/generations', { prompt: 'a S* in the snow', concepts: [{ concept: url }] });
}

async function acceptedWith(url: string): Promise<Generation> {
  const response = await generateWith(url);
  expect(response.status).toBe(202);
  return generationSchema.parse(await response.json());
}

async function copyOf(url: string): Promise<Concept> {
  const response = await guest.post('/v1/concepts/import', { share_url: url });
  expect(response.status).toBe(201);
  return conceptSchema.parse(await response.json());
}

/** What was queued of the owner's beside its concepts. */
async function samples(): Promise<QueueMessage[]> {
  return (await queuedMessages(owner.accountId)).filter(({ kind }) => kind === 'generate');
}

async function failJob(client: Client, id: string): Promise<void> {
  const error = { code: 'engine_failed', message: 'x', retryable: true } as const;
  await newAttempt(await queuedMessage(client.accountId, id)).report({ type: 'failed', error });
}

const JSON_ONLY = { headers: { Accept: 'application/json' } };

describe('a share', () => {
  test('says its URL once; lists and reads leave it out', async () => {
    const created = await share({ rights: 'copy', expires_in: 3600, max_uses: 3 });
    const { url: _, ...rest } = created;
    expect(rest).toMatchObject({ concept, rights: 'copy', uses: 0, max_uses: 3 });
    expect(Date.parse(created.expires_at!) - Date.parse(created.created_at)).toBe(3_600_000);
    const second = await share();
    expect(second).toMatchObject({ rights: 'use', expires_at: null, max_uses: null });

    expect(await (await owner.get(`/v1/concepts/${concept}/shares/${created.id}`)).json()).toEqual(rest);
    const page = await (await owner.get(`/v1/concepts/${concept}/shares?limit=1`)).json<{ next_cursor: string }>();
    expect(page).toMatchObject({ data: [{ id: second.id }], has_more: true });
    const next = await owner.get(`/v1/concepts/${concept}/shares?limit=1&cursor=${page.next_cursor}`);
    expect(await next.json()).toMatchObject({ data: [rest], has_more: false });
  });

  test('keeps its token nowhere', async () => {
    const { url } = await share();
    const token = url.slice(-43);
    await acceptedWith(url);
    const objects = [
      env.SHARE.getByName(await shareNameOf(token)),
      env.ACCOUNT.getByName(owner.accountId),
      env.ACCOUNT.getByName(guest.accountId),
    ] as DurableObjectStub[];
    const stored = await Promise.all(
      objects.map((stub) => runInDurableObject(stub, (_, { storage }) => everythingIn(storage))),
    );
    expect(stored.join()).not.toContain(token);
  });

  test.each([
    [{ rights: 'steal' }, '#/rights'],
    [{ expires_in: 59 }, '#/expires_in'],
    [{ expires_in: 365 * 86_400 + 1 }, '#/expires_in'],
    [{ max_uses: 0 }, '#/max_uses'],
    [{ max_uses: 1_000_001 }, '#/max_uses'],
    [{ colour: 'red' }, '#/colour'],
  ])('is refused with %j', async (terms, pointer) => {
    await expectProblem(await owner.post(`/v1/concepts/${concept}/shares`, terms), 'validation_failed', [pointer]);
  });

  test('is made once for one Idempotency-Key, and its URL is told once', async () => {
    const post = () => owner.post(`/v1/concepts/${concept}/shares`, {}, { 'Idempotency-Key': 'one' });
    const [first, again] = [await (await post()).json<ShareObject>(), await (await post()).json<ShareObject>()];
    expect(again).toEqual({ ...first, url: null });
  });

  test('needs a concept that is ready', async () => {
    const { id } = await (
      await owner.post('/v1/concepts', {
        image: { data: btoa(`\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x02\0\0\0`) },
      })
    ).json<Concept>();
    await expectProblem(await owner.post(`/v1/concepts/${id}/shares`, {}), 'not_ready');
  });

  test('has one sample drawn for its concept, unlisted, not counted, and shows it instead of the photo', async () => {
    const first = await share();
    expect(await (await request(first.url, JSON_ONLY)).json()).toMatchObject({ sample_url: null });
    await expectProblem(await request(`${first.url}/sample`), 'not_found');
    await expect.poll(samples).toHaveLength(1);
    const [sample] = await samples();
    expect(sample).toMatchObject({ input: { num_images: 1, steps: 20, format: 'jpeg' } });

    const second = await share();
    await doJob(owner.accountId, sample!.job_id);
    for (const { url } of [first, second]) {
      const shown = publicShareSchema.parse(await (await request(url, JSON_ONLY)).json());
      expect(await (await request(shown.sample_url!)).text()).toBe(`image 0 of ${sample!.job_id}`);
    }
    expect(await samples()).toHaveLength(1);
    expect(await (await owner.get('/v1/generations')).json()).toMatchObject({ data: [] });
    await expectProblem(await owner.get(`/v1/generations/${sample!.job_id}`), 'not_found');
    expect(await (await owner.get('/v1/usage')).json()).toMatchObject({ generations: 0, images: 0 });
  });

  test('shows no sample that the safety checker flagged', async () => {
    const { url } = await share();
    await expect.poll(samples).toHaveLength(1);
    const attempt = newAttempt((await samples())[0]!);
    const result = await attempt.writeResult();
    const flagged = { ...result, images: [{ ...(result as GenerateResult).images[0]!, safety: 'flagged' as const }] };
    await attempt.report({ type: 'succeeded', result: flagged as GenerateResult });
    expect(await (await request(url, JSON_ONLY)).json()).toMatchObject({ sample_url: null });
    await expectProblem(await request(`${url}/sample`), 'not_found');
  });

  test('loses its sample with its concept', async () => {
    await share();
    await expect.poll(samples).toHaveLength(1);
    const [sample] = await samples();
    await doJob(owner.accountId, sample!.job_id);
    const stored = async () =>
      (await env.BUCKET.list({ prefix: `accounts/${owner.accountId}/generations/${sample!.job_id}/` })).objects;
    expect(await stored()).not.toEqual([]);
    await owner.send('DELETE', `/v1/concepts/${concept}`);
    await expect.poll(stored).toEqual([]);
  });

  test('has another sample drawn by the next share when the first failed', async () => {
    await share();
    await expect.poll(samples).toHaveLength(1);
    await failJob(owner, (await samples())[0]!.job_id);
    await share();
    await expect.poll(samples).toHaveLength(2);
  });
});

function everythingIn({ sql, kv }: DurableObjectStorage): string {
  const tables = sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    )
    .toArray()
    .map(({ name }) => sql.exec(`SELECT * FROM ${name}`).toArray());
  return JSON.stringify([tables, [...kv.list()]]);
}

describe('GET /s/<token>', () => {
  test('is JSON for who asks for it and a page for the rest, needs no account and counts nothing', async () => {
    const created = await share({ rights: 'export', max_uses: 1 });
    const json = await request(created.url, JSON_ONLY);
    expect(publicShareSchema.parse(await json.json())).toMatchObject({
      rights: 'export',
      name: null,
      expires_at: null,
    });
    for (const Accept of ['text/html,application/xhtml+xml,*/*;q=0.8', '*/*', '']) {
      const page = await request(created.url, { headers: { Accept } });
      expect(page.headers.get('Content-Type')).toMatch(/^text\/html/);
      expect(await page.text()).toContain('<!doctype html>');
    }
    expect(await usesOf(created)).toBe(0);
  });

  test('is kept out of indexes, caches and referrers, whatever it answers', async () => {
    const { url } = await share();
    const { url: exported } = await share({ rights: 'export' });
    await expect.poll(samples).toHaveLength(1);
    await doJob(owner.accountId, (await samples())[0]!.job_id);
    for (const [path, init] of [
      [url, {}],
      [url, JSON_ONLY],
      [`${url}/sample`, {}],
      [`${url}/embedding`, {}],
      [`${exported}/embedding`, {}],
      [`${ORIGIN}/s/${'A'.repeat(43)}`, JSON_ONLY],
    ] as const) {
      const { headers } = await request(path, init);
      expect(headers.get('Referrer-Policy')).toBe('no-referrer');
      expect(headers.get('X-Robots-Tag')).toContain('noindex');
      expect(headers.get('Cache-Control')).toContain('no-store');
    }
  });

  test('shows names as text, whatever is in them', async () => {
    const name = '<script>alert(1)</script>"';
    owner = await newClient();
    concept = await readyConcept(owner, { name });
    const { url } = await share();
    expect(await (await request(url)).text()).not.toContain('<script>alert');
    expect(await (await request(url, JSON_ONLY)).json()).toMatchObject({ name });
  });

  test.each(['A'.repeat(43), 'x', '%00', 'A'.repeat(2000)])(
    'is not there for a token that never was: %s',
    async (token) => {
      await expectProblem(await request(`/s/${token}`, JSON_ONLY), 'not_found');
      const page = await request(`/s/${token}`);
      expect([page.status, page.headers.get('Content-Type')]).toEqual([404, 'text/html; charset=UTF-8']);
    },
  );

  test.each([
    ['revoked', revoke],
    ['expired', expire],
    ['of a concept that is deleted', () => owner.send('DELETE', `/v1/concepts/${concept}`)],
  ])('is gone once the share is %s', async (_, end) => {
    const created = await share({ rights: 'export', expires_in: 60 });
    await end(created);
    await expectProblem(await request(created.url, JSON_ONLY), 'gone');
    expect((await request(created.url)).status).toBe(410);
    for (const path of ['/sample', '/embedding']) {
      await expectProblem(await request(`${created.url}${path}`), 'gone');
    }
    await expectProblem(await generateWith(created.url), 'validation_failed', ['#/concepts/0/concept']);
    await expectProblem(await guest.post('/v1/concepts/import', { share_url: created.url }), 'gone');
  });

  test('gives the embedding file with the right export only', async () => {
    const file = await request(`${(await share({ rights: 'export' })).url}/embedding`);
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(testConceptFile());
    for (const rights of ['use', 'copy']) {
      await expectProblem(await request(`${(await share({ rights })).url}/embedding`), 'right_missing');
    }
  });
});

describe('a generation with a share', () => {
  test('draws with the concept of another account, and tells its id instead of the secret', async () => {
    const created = await share();
    const generation = await acceptedWith(`${created.url}?utm_source=x#y`);
    expect(generation.input.concepts[0]?.concept).toBe(created.id);
    const message = await queuedMessage(guest.accountId, generation.id);
    const key = message.kind === 'generate' ? message.input.concepts[0]!.embedding_key : '';
    expect(key).toContain(`accounts/${owner.accountId}/concepts/${concept}/`);
    await doJob(guest.accountId, generation.id);
    expect(await usesOf(created)).toBe(1);
  });

  test('counts no more than max_uses of many at once', async () => {
    const created = await share({ max_uses: 3 });
    const answers = await Promise.all(Array.from({ length: 12 }, () => generateWith(created.url)));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(3);
    for (const answer of answers.filter(({ status }) => status !== 202)) {
      await expectProblem(answer, 'validation_failed', ['#/concepts/0/concept']);
    }
    expect(await usesOf(created)).toBe(3);
    expect((await request(created.url, JSON_ONLY)).status).toBe(200);
  });

  test.each([
    ['failed', (id: string) => failJob(guest, id)],
    ['cancelled', (id: string) => guest.post(`/v1/generations/${id}/cancel`)],
  ])('that %s gives its use back', async (_, end) => {
    const created = await share({ max_uses: 1 });
    const generation = await acceptedWith(created.url);
    await expectProblem(await generateWith(created.url), 'validation_failed');
    await end(generation.id);
    await expect.poll(() => usesOf(created)).toBe(0);
    await acceptedWith(created.url);
  });

  test('counts nothing when it is refused for something else', async () => {
    const created = await share({ max_uses: 1 });
    const wrong = { prompt: 'no placeholder', concepts: [{ concept: created.url }] };
    await expectProblem(await guest.post('/v1/generations', wrong), 'validation_failed', ['#/prompt']);
    expect(await usesOf(created)).toBe(0);
  });

  test('that waits in the queue never starts once the share is revoked', async () => {
    const created = await share();
    const generation = await acceptedWith(created.url);
    const attempt = newAttempt(await queuedMessage(guest.accountId, generation.id));
    await revoke(created);
    expect(await attempt.report({ type: 'started' })).toEqual({ action: 'stop', reason: 'ended' });
    const ended = await (await guest.get(`/v1/generations/${generation.id}`)).json();
    expect(ended).toMatchObject({ status: 'failed', error: { code: 'gone', retryable: false } });
  });

  test('that has started goes on when the share is revoked, and one that waits outlives its expiry', async () => {
    const created = await share({ expires_in: 60 });
    const [started, waiting] = [await acceptedWith(created.url), await acceptedWith(created.url)];
    const attempt = newAttempt(await queuedMessage(guest.accountId, started.id));
    await attempt.report({ type: 'started' });
    await expire(created);
    const late = newAttempt(await queuedMessage(guest.accountId, waiting.id));
    expect(await late.report({ type: 'started' })).toEqual({ action: 'continue' });
    await revoke(created);
    expect(await attempt.report({ type: 'progress', step: 1, steps: 2 })).toEqual({ action: 'continue' });
  });

  test.each([
    ['of another service', () => `https://elsewhere.test/s/${'A'.repeat(43)}`],
    ['that never was', () => `${ORIGIN}/s/${'A'.repeat(43)}`],
    ['of another path', () => `${ORIGIN}/x/${'A'.repeat(43)}`],
  ])('is refused with a URL %s', async (_, url) => {
    await expectProblem(await generateWith(url()), 'validation_failed', ['#/concepts/0/concept']);
  });
});

describe('POST /v1/concepts/import', () => {
  test('copies a shared concept, with its lineage but without its photo and file, and not to be shared on', async () => {
    const created = await share({ rights: 'copy', max_uses: 1 });
    const copy = await copyOf(created.url);
    expect(copy).toMatchObject({
      status: 'ready',
      image_url: null,
      mask_url: null,
      embedding_url: null,
      copied_from: { share: created.id, rights: 'copy' },
    });
    expect(await usesOf(created)).toBe(1);
    await expectProblem(await guest.get(`/v1/concepts/${copy.id}/embedding`), 'right_missing');
    await expectProblem(await guest.post(`/v1/concepts/${copy.id}/shares`, {}), 'right_missing');
    await expectProblem(await guest.post('/v1/concepts/import', { share_url: created.url }), 'validation_failed', [
      '#/share_url',
    ]);
    await revoke(created);
    const generation = await guest.post('/v1/generations', { prompt: 'a S*', concepts: [{ concept: copy.id }] });
    expect(generation.status).toBe(202);
  });

  test('gives the file too with the right export, and nothing with the right use', async () => {
    const copy = await copyOf((await share({ rights: 'export' })).url);
    const file = await guest.get(`/v1/concepts/${copy.id}/embedding`);
    expect(new Uint8Array(await file.arrayBuffer())).toEqual(testConceptFile());
    const { url } = await share({ rights: 'use' });
    await expectProblem(await guest.post('/v1/concepts/import', { share_url: url }), 'right_missing');
  });

  test.each([
    ['an unknown share', { share_url: `${ORIGIN}/s/${'A'.repeat(43)}` }, 'not_found'],
    ['a URL that is no share', { share_url: 'https://elsewhere.test/' }, 'validation_failed'],
    ['no URL', {}, 'validation_failed'],
  ] as const)('refuses %s', async (_, body, code) => {
    await expectProblem(await guest.post('/v1/concepts/import', body), code);
  });
});

describe('POST /s/<token>/reports', () => {
  test.each([
    [{}, '#/reason'],
    [{ reason: 'boredom' }, '#/reason'],
    [{ reason: 'other', details: 'x'.repeat(2001) }, '#/details'],
  ])('is refused with %j', async (body, pointer) => {
    await expectProblem(await report(await share(), body), 'validation_failed', [pointer]);
  });
});

function report({ url }: NewShare, body: unknown): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' };
  return request(`${url}/reports`, { method: 'POST', body: JSON.stringify(body), headers });
}
