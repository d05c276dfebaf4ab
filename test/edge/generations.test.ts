import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, test } from 'vitest';
import { jobOf } from '../../edge/durable-objects/stubs.ts';
import { type Generation, generationSchema } from '../../shared/generation.ts';
import { testModel } from '../shared/test-model.ts';
import { announceModel, type Client, expectProblem, newClient, photoForm, readyConcept, request } from './client.ts';
import { png } from './pictures.ts';
import { doJob, newAttempt, queuedMessage } from './scripted-worker.ts';

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

async function generate(changes: Readonly<Record<string, unknown>> = {}): Promise<Generation> {
  const response = await client.post('/v1/generations', input(changes));
  expect(response.status).toBe(202);
  return generationSchema.parse(await response.json());
}

async function read(id: string, query = ''): Promise<Generation> {
  return generationSchema.parse(await (await client.get(`/v1/generations/${id}${query}`)).json());
}

describe('POST /v1/generations', () => {
  test('resolves the input with the model’s defaults and draws a seed', async () => {
    const generation = await generate();
    expect(generation).toMatchObject({
      status: 'queued',
      model: testModel.fingerprint,
      images: [],
      progress: { step: 0, steps: 100 },
    });
    expect(generation.input).toEqual({
      prompt: 'a S* in the snow',
      concepts: [{ concept: conceptId, token: 'S*', strength: 0.6, words: 'primary' }],
      negative_prompt: '',
      num_images: 1,
      seed: expect.any(Number),
      steps: 100,
      sampler: 'lms',
      guidance_scale: 5,
      guidance_interval: { from: 0, to: 1 },
      reuse: 1,
      width: 64,
      height: 64,
      format: 'png',
      prompt_truncated: null,
    });
    expect((await generate()).input.seed).not.toBe(generation.input.seed);
  });

  test('uses the stronger λ for a prompt that only depicts, unless told otherwise', async () => {
    expect((await generate({ prompt: 'A photo of the S*' })).input.concepts[0]?.strength).toBe(0.8);
    const told = await generate({ prompt: 'a photo of a S*', concepts: [{ concept: conceptId, strength: 0 }] });
    expect(told.input.concepts[0]?.strength).toBe(0);
  });

  test('hands the worker everything resolved', async () => {
    const generation = await generate({
      seed: 7,
      steps: 20,
      sampler: 'dpmpp_2m',
      reuse: 3,
      width: 128,
      num_images: 2,
      format: 'webp',
    });
    const message = await queuedMessage(client.accountId, generation.id);
    expect(message).toMatchObject({
      kind: 'generate',
      account_id: client.accountId,
      input: {
        seed: 7,
        steps: 20,
        sampler: 'dpmpp_2m',
        reuse: 3,
        width: 128,
        height: 64,
        num_images: 2,
        format: 'webp',
      },
    });
    expect(message.kind === 'generate' && message.input.concepts[0]?.embedding_key).toContain(conceptId);
  });

  test('resolves and validates in a dry run, and queues nothing', async () => {
    const dry = (changes: Readonly<Record<string, unknown>>) =>
      client.post('/v1/generations?dry_run=true', input(changes));
    const response = await dry({ seed: 3, prompt: 'a photo of a S*' });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      object: 'generation.dry_run',
      input: { seed: 3, steps: 100, concepts: [{ strength: 0.8 }] },
    });
    await expectProblem(await dry({ steps: 0 }), 'validation_failed', ['#/steps']);
    const { data } = await (await client.get('/v1/generations?limit=1')).json<{ data: Generation[] }>();
    expect(data[0]?.input.seed).not.toBe(3);
  });

  test('holds the answer for Prefer: wait, and answers 202 when the time is up', async () => {
    const response = await client.post('/v1/generations', input(), { Prefer: 'wait=1' });
    expect([response.status, response.headers.get('Preference-Applied')]).toEqual([202, 'wait=1']);
  });

  test.each([
    ['an empty prompt', { prompt: '' }, ['#/prompt']],
    ['a prompt without S*', { prompt: 'a dog in the snow' }, ['#/prompt']],
    ['a prompt with S* inside a word', { prompt: 'two cats* in the snow' }, ['#/prompt']],
    ['a prompt over 2 000 characters', { prompt: `S* ${'x'.repeat(1998)}` }, ['#/prompt']],
    ['an unknown sampler', { sampler: 'plms' }, ['#/sampler']],
    ['a sampler the model lacks', { sampler: 'euler' }, ['#/sampler']],
    ['0 steps', { steps: 0 }, ['#/steps']],
    ['10 000 steps', { steps: 10_000 }, ['#/steps']],
    ['half a step', { steps: 1.5 }, ['#/steps']],
    ['features reused at no step', { reuse: 0 }, ['#/reuse']],
    ['features reused for 11 steps', { reuse: 11 }, ['#/reuse']],
    ['a seed of 2³²', { seed: 2 ** 32 }, ['#/seed']],
    ['9 images', { num_images: 9 }, ['#/num_images']],
    ['a size the model lacks', { width: 512, height: 512 }, ['#/width']],
    [
      'two concepts',
      { concepts: [{ concept: 'x' }, { concept: 'y' }] },
      ['#/concepts', '#/concepts/0/concept', '#/concepts/1/concept'],
    ],
    ['no concepts', { concepts: [] }, ['#/concepts']],
    ['an unknown concept', { concepts: [{ concept: 'con_01ARZ3NDEKTSV4RRFFQ69G5FAV' }] }, ['#/concepts/0/concept']],
    ['a word the concept has not', { concepts: undefined, words: 1 }, ['#/concepts', '#/words']],
    ['an unknown field', { style: 'oil' }, ['#/style']],
    [
      'several wrong fields',
      { prompt: 'x', steps: 900, sampler: 'ddim', width: 1 },
      ['#/steps', '#/width', '#/prompt'],
    ],
  ])('refuses %s and names the field', async (_, changes, pointers) => {
    await expectProblem(await client.post('/v1/generations', input(changes)), 'validation_failed', pointers);
  });

  test.each([
    [
      'a field of the wrong type beside what the model, the account or the network refuse',
      {
        prompt: 'a dog',
        concepts: [{ concept: 'con_01ARZ3NDEKTSV4RRFFQ69G5FAV', words: 5 }],
        seed: 'many',
        steps: 201,
        sampler: 'euler',
        width: 65,
        webhook: { url: 'https://127.0.0.1/', events: ['generation.sold'] },
        style: 'oil',
      },
      [
        ...['#/seed', '#/webhook/events/0', '#/style', '#/steps', '#/sampler', '#/width', '#/prompt'],
        ...['#/concepts/0/words', '#/concepts/0/concept', '#/webhook/url'],
      ],
    ],
    ['an unknown sampler', { sampler: 'plms', steps: 201 }, ['#/sampler', '#/steps']],
    [
      'a concept of the wrong type beside an unknown one',
      { concepts: [{ concept: 3 }, { concept: 'con_01ARZ3NDEKTSV4RRFFQ69G5FAV', strength: 'full' }] },
      ['#/concepts/0/concept', '#/concepts/1/strength', '#/concepts', '#/concepts/1/concept'],
    ],
    ['a width of the wrong type, whose height nobody can judge', { width: 'wide', height: 65 }, ['#/width']],
    ['a prompt that is none', { prompt: 3, steps: 201 }, ['#/prompt', '#/steps']],
    ['a token that is none', { concepts: [{ token: 'S *' }] }, ['#/concepts/0/concept', '#/concepts/0/token']],
    [
      'more concepts than are looked up',
      { concepts: Array(9).fill({ concept: 'x' }), steps: 201 },
      ['#/concepts', '#/steps'],
    ],
  ])('names in one answer everything that is wrong: %s', async (_, changes, pointers) => {
    await expectProblem(await client.post('/v1/generations', input(changes)), 'validation_failed', pointers);
  });

  test('refuses a word index the model has not', async () => {
    const concepts = [{ concept: conceptId, words: 5 }];
    await expectProblem(await client.post('/v1/generations', input({ concepts })), 'validation_failed', [
      '#/concepts/0/words',
    ]);
  });

  test('refuses a concept that is not ready, failed, or another account’s', async () => {
    const queued = await (await client.post('/v1/concepts', photoForm(png()))).json<{ id: string }>();
    const refuse = async (concept: string) =>
      expectProblem(await client.post('/v1/generations', input({ concepts: [{ concept }] })), 'validation_failed', [
        '#/concepts/0/concept',
      ]);
    await refuse(queued.id);
    await client.post(`/v1/concepts/${queued.id}/cancel`);
    await refuse(queued.id);
    await refuse(await readyConcept(await newClient()));
  });

  test.each([
    ['{"prompt":', 'application/json', 'malformed_request'],
    ['{}', 'text/plain', 'unsupported_media_type'],
    ['[]', 'application/json', 'validation_failed'],
    ['', 'application/json', 'malformed_request'],
  ] as const)('refuses the body %s of %s', async (body, type, code) => {
    const response = await client.send('POST', '/v1/generations', { body, headers: { 'Content-Type': type } });
    await expectProblem(response, code);
  });

  test('refuses a body over 6 MiB', async () => {
    await expectProblem(
      await client.post('/v1/generations', input({ metadata: { x: 'x'.repeat(6 * 1024 * 1024) } })),
      'payload_too_large',
    );
  });
});

describe('a generation', () => {
  test('goes from queued over running to succeeded, with its images', async () => {
    const { id } = await generate({ num_images: 2, seed: 40, steps: 10 });
    const attempt = newAttempt(await queuedMessage(client.accountId, id));
    await expectProblem(await client.get(`/v1/generations/${id}/images/0`), 'not_ready');
    await attempt.report({ type: 'started' });
    await attempt.report({ type: 'progress', step: 3, steps: 10 });
    expect(await read(id)).toMatchObject({ status: 'running', progress: { step: 3, steps: 10 }, completed_at: null });
    await attempt.succeed();

    const done = await read(id);
    expect(done).toMatchObject({
      status: 'succeeded',
      progress: { step: 10, steps: 10 },
      input: { prompt_truncated: false },
      timings: { encode_ms: 1, denoise_ms: 2, decode_ms: 3, upload_ms: 4 },
    });
    expect(done.images.map(({ seed, width, height, content_type }) => [seed, width, height, content_type])).toEqual([
      [40, 64, 64, 'image/png'],
      [41, 64, 64, 'image/png'],
    ]);
    const image = await client.get(`/v1/generations/${id}/images/1`);
    expect(image.headers.get('Content-Type')).toBe('image/png');
    expect(await image.text()).toBe(`image 1 of ${id}`);
    for (const n of ['2', '8', '-1', 'x', '01x']) {
      await expectProblem(await client.get(`/v1/generations/${id}/images/${n}`), 'not_found');
    }
  });

  test('that failed says why', async () => {
    const { id } = await generate();
    const attempt = newAttempt(await queuedMessage(client.accountId, id));
    const error = {
      code: 'placeholder_missing',
      message: 'Expected S* within 77 tokens, got it at 80.',
      retryable: false,
    } as const;
    await attempt.report({ type: 'failed', error });
    expect(await read(id)).toMatchObject({ status: 'failed', error, images: [] });
  });

  test('that is deleted before its account got its job to start never starts', async () => {
    const { id } = await generate();
    const { state } = (await jobOf(env, id).view())!;
    const terms = { startWithinMs: 3_600_000, shares: [], webhook: null };
    const unacknowledged = JSON.stringify({ kind: 'start_job', message: state.message, terms });
    const account = env.ACCOUNT.getByName(client.accountId);
    await runInDurableObject(account, (_, { storage }) => {
      const insert = 'INSERT INTO task (task, due_at_ms, failures) VALUES (?, ?, 1)';
      storage.sql.exec(insert, unacknowledged, Date.now() + 60_000);
    });
    await client.send('DELETE', `/v1/generations/${id}`);
    await expect.poll(() => jobOf(env, id).view()).toBeNull();
    await runInDurableObject(account, (instance) => {
      instance.now = () => Date.now() + 60_000;
    });
    await runDurableObjectAlarm(account);
    expect(await jobOf(env, id).view()).toBeNull();
    await runInDurableObject(account, (instance, { storage }) => {
      instance.now = Date.now;
      expect(storage.sql.exec("SELECT 1 FROM task WHERE task ->> 'kind' = 'start_job'").toArray()).toEqual([]);
    });
  });

  test('can be cancelled while queued and while running; the worker is told', async () => {
    const queued = await generate();
    expect(await (await client.post(`/v1/generations/${queued.id}/cancel`)).json()).toMatchObject({
      status: 'canceled',
    });

    const running = await generate();
    const attempt = newAttempt(await queuedMessage(client.accountId, running.id));
    await attempt.report({ type: 'started' });
    await client.post(`/v1/generations/${running.id}/cancel`);
    expect(await attempt.report({ type: 'progress', step: 1, steps: 100 })).toEqual({
      action: 'stop',
      reason: 'ended',
    });
    expect(await attempt.succeed()).toEqual({ action: 'stop', reason: 'ended' });
    expect(await read(running.id)).toMatchObject({ status: 'canceled', images: [] });
    expect(await (await client.post(`/v1/generations/${running.id}/cancel`)).json()).toMatchObject({
      status: 'canceled',
    });
  });

  test('expires when nobody starts it within its start limit', async () => {
    const { id } = await generate({ start_within: 30 });
    const job = env.JOB.getByName(id);
    await runInDurableObject(job, (instance) => {
      instance.now = () => Date.now() + 31_000;
    });
    await runDurableObjectAlarm(job);
    expect(await read(id)).toMatchObject({ status: 'expired', error: { code: 'deadline_exceeded' }, images: [] });
  });

  test('knows about its place in the queue while it waits', async () => {
    const { id } = await generate();
    expect((await read(id)).queue_position).toEqual(expect.any(Number));
    await doJob(client.accountId, id);
    expect((await read(id)).queue_position).toBeNull();
  });

  test('takes its images along when deleted', async () => {
    const { id } = await generate();
    await doJob(client.accountId, id);
    const image = new URL((await read(id)).images[0]!.url);
    expect((await client.send('DELETE', `/v1/generations/${id}`)).status).toBe(204);
    await expectProblem(await client.get(`/v1/generations/${id}`), 'not_found');
    await expectProblem(await request(image.pathname + image.search), 'not_found');
    const prefix = `accounts/${client.accountId}/generations/${id}/`;
    await expect.poll(async () => (await env.BUCKET.list({ prefix })).objects).toEqual([]);
  });

  test('is not there for another account, nor when it never was', async () => {
    const { id } = await generate();
    const stranger = await newClient();
    for (const path of ['', '/images/0']) {
      await expectProblem(await stranger.get(`/v1/generations/${id}${path}`), 'not_found');
      await expectProblem(await client.get(`/v1/generations/gen_01ARZ3NDEKTSV4RRFFQ69G5FAV${path}`), 'not_found');
    }
    await expectProblem(await stranger.post(`/v1/generations/${id}/cancel`), 'not_found');
    expect(await read(id)).toMatchObject({ status: 'queued' });
  });
});

describe('GET /v1/generations', () => {
  test('lists newest first and by status', async () => {
    const first = await generate();
    const second = await generate();
    await doJob(client.accountId, second.id);
    const list = async (query: string) => {
      const { data } = await (await client.get(`/v1/generations?${query}`)).json<{ data: Generation[] }>();
      return data.map(({ id }) => id);
    };
    expect(await list('limit=2')).toEqual([second.id, first.id]);
    expect(await list('limit=1&status=succeeded')).toEqual([second.id]);
  });
});

describe('a signed URL', () => {
  let url: URL;

  beforeAll(async () => {
    const { id } = await generate();
    await doJob(client.accountId, id);
    url = new URL((await read(id)).images[0]!.url);
  });

  const changed = (change: (url: URL) => void) => {
    const copy = new URL(url);
    change(copy);
    return request(copy.pathname + copy.search);
  };

  test('works without a header', async () => {
    const response = await request(url.pathname + url.search);
    expect(response.status).toBe(200);
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff');
  });

  test.each([
    [
      'another path',
      (copy: URL) => {
        copy.pathname = copy.pathname.replace(/0$/, '1');
      },
    ],
    ['a later expiry', (copy: URL) => copy.searchParams.set('exp', String(Number(copy.searchParams.get('exp')) + 1))],
    ['another signature', (copy: URL) => copy.searchParams.set('sig', 'A'.repeat(43))],
    ['no signature to speak of', (copy: URL) => copy.searchParams.set('sig', '')],
    ['another account', (copy: URL) => copy.searchParams.set('kid', '01ARZ3NDEKTSV4RRFFQ69G5FAV')],
    ['no account', (copy: URL) => copy.searchParams.delete('kid')],
  ] as const)('is refused with %s', async (_, change) => {
    await expectProblem(await changed(change), 'signature_invalid');
  });
});
