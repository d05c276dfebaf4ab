import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { DEFAULT_START_WITHIN_MS, deadlineOf } from '../../edge/routes/job-times.ts';
import { type Concept, conceptSchema } from '../../shared/concept.ts';
import { readConceptFile } from '../../shared/concept-file.ts';
import { UPLOAD_RETAIN_SECONDS } from '../../shared/retention.ts';
import { announceModel, type Client, expectProblem, newClient, photoForm, request } from './client.ts';
import { heic, jpeg, png, webp } from './pictures.ts';
import { doJob, newAttempt, queuedMessage, queuedMessages, testConceptFile } from './scripted-worker.ts';

let client: Client;

beforeAll(async () => {
  await announceModel();
  client = await newClient();
});

async function upload(photo = png(), fields: Readonly<Record<string, string | Blob>> = {}): Promise<Concept> {
  const response = await client.post('/v1/concepts', photoForm(photo, fields));
  expect(response.status).toBe(202);
  return conceptSchema.parse(await response.json());
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

async function read(id: string, query = ''): Promise<Concept> {
  const response = await client.get(`/v1/concepts/${id}${query}`);
  expect(response.status).toBe(200);
  return conceptSchema.parse(await response.json());
}

async function storedKeys(id: string): Promise<string[]> {
  const [objects, uploads] = await Promise.all([
    env.BUCKET.list({ prefix: `accounts/${client.accountId}/concepts/${id}/` }),
    env.BUCKET.list({ prefix: `uploads/${client.accountId}/${id}/` }),
  ]);
  return [...objects.objects, ...uploads.objects].map(({ key }) => key);
}

describe('POST /v1/concepts', () => {
  test.each([
    ['JPEG', jpeg()],
    ['PNG', png()],
    ['WebP', webp()],
    ['HEIC', heic()],
  ])('accepts %s as a file, and the worker finds it in the bucket', async (_, photo) => {
    const concept = await upload(photo, { name: 'Rex', category: 'dog', metadata: '{"shelf":3}' });
    expect(concept).toMatchObject({
      status: 'queued',
      name: 'Rex',
      category: 'dog',
      metadata: { shelf: 3 },
      mask_source: 'none',
    });
    const message = await queuedMessage(client.accountId, concept.id);
    expect(message.kind === 'encode' && (await (await env.BUCKET.get(message.input.photo_key))?.bytes())).toEqual(
      photo,
    );
  });

  test('accepts base64 in JSON, with a mask', async () => {
    const body = { image: { data: jpeg().toBase64() }, mask: { data: png().toBase64() } };
    const response = await client.post('/v1/concepts', body);
    expect(response.status).toBe(202);
    const concept = conceptSchema.parse(await response.json());
    expect(concept.mask_source).toBe('upload');
    expect(response.headers.get('Location')).toBe(`/v1/concepts/${concept.id}`);
    expect(await storedKeys(concept.id)).toHaveLength(2);
  });

  test('gives the existing concept for the same photo and mask, and encodes once', async () => {
    const [photo, mask] = [png(), png()];
    const concept = await upload(photo, { mask: new File([mask], 'mask') });
    const again = await client.post(
      '/v1/concepts',
      photoForm(photo, { mask: new File([mask], 'mask'), name: 'other' }),
    );
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ id: concept.id, name: null });
    expect((await client.post('/v1/concepts', photoForm(photo))).status).toBe(202);
    const stranger = await newClient();
    expect((await stranger.post('/v1/concepts', photoForm(photo))).status).toBe(202);
  });

  test('of one photo at once makes one concept', async () => {
    const photo = png();
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.post('/v1/concepts', photoForm(photo))));
    const concepts: Concept[] = await Promise.all(answers.map((answer) => answer.json<Concept>()));
    expect(new Set(concepts.map(({ id }) => id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    await queuedMessage(client.accountId, concepts[0]!.id);
    const messages = await queuedMessages(client.accountId);
    expect(messages.filter(({ job_id }) => job_id === concepts[0]!.id)).toHaveLength(1);
  });

  test('holds the answer for Prefer: wait until the concept is ready', async () => {
    const one = await newClient();
    const waiting = one.post('/v1/concepts', photoForm(png()), { Prefer: 'respond-async, wait=30' });
    const message = await vi.waitUntil(async () => (await queuedMessages(one.accountId))[0], { timeout: 10_000 });
    await doJob(one.accountId, message.job_id);
    const response = await waiting;
    expect(response.status).toBe(201);
    expect(response.headers.get('Preference-Applied')).toBe('wait=30');
    expect(await response.json()).toMatchObject({ id: message.job_id, status: 'ready' });
  });

  test('leaves nothing behind of what it refuses', async () => {
    const before = await env.BUCKET.list({ prefix: `uploads/${client.accountId}/` });
    await expectProblem(await client.post('/v1/concepts', photoForm(png(10_000, 6_000))), 'image_too_large', [
      '#/image',
    ]);
    const after = await env.BUCKET.list({ prefix: `uploads/${client.accountId}/` });
    expect(after.objects.length).toBe(before.objects.length);
  });

  test.each([
    [
      'bytes that are no image',
      () => photoForm(bytesOf('this is no picture, whatever its name says')),
      'unsupported_media_type',
    ],
    ['a GIF', () => photoForm(bytesOf(`GIF89a${'\0'.repeat(20)}`)), 'unsupported_media_type'],
    ['an SVG', () => photoForm(bytesOf('<svg width="1" height="1"></svg>')), 'unsupported_media_type'],
    ['nothing', () => photoForm(new Uint8Array()), 'unsupported_media_type'],
    ['a JPEG cut within its header', () => photoForm(jpeg().slice(0, 20)), 'image_corrupt'],
    ['60 megapixels in a small PNG', () => photoForm(png(10_000, 6_000)), 'image_too_large'],
    [
      '60 megapixels in a mask',
      () => photoForm(png(), { mask: new File([png(6_000, 10_000)], 'mask') }),
      'image_too_large',
    ],
    ['no pixels', () => photoForm(png(0, 480)), 'image_corrupt'],
    ['more than 10 MiB', () => photoForm(new Uint8Array(10 * 1024 * 1024 + 1)), 'payload_too_large'],
    [
      'more than the body may have',
      () => photoForm(png(), { mask: new File([new Uint8Array(22 * 1024 * 1024)], 'm') }),
      'payload_too_large',
    ],
  ] as const)('refuses %s from the header', async (_, form, code) => {
    await expectProblem(await client.post('/v1/concepts', form()), code);
  });

  test('refuses base64 of more than 4 MiB decoded', async () => {
    const large = new Uint8Array(4 * 1024 * 1024 + 1);
    large.set(png());
    await expectProblem(await client.post('/v1/concepts', { image: { data: large.toBase64() } }), 'payload_too_large');
  });

  test.each([
    ['no image', { name: 'x' }, ['#/image']],
    ['an image that is not base64', { image: { data: '§' } }, ['#/image/data']],
    ['two wrong fields and an unknown one', { image: {}, name: 3, colour: 'red' }, ['#/image', '#/name', '#/colour']],
    ['two sources of one image', { image: { data: '', upload_id: 'upl_01ARZ3NDEKTSV4RRFFQ69G5FAV' } }, ['#/image']],
    ['an upload that never came', { image: { upload_id: 'upl_01ARZ3NDEKTSV4RRFFQ69G5FAV' } }, ['#/image/upload_id']],
    [
      'metadata over 8 KiB',
      { image: { data: png().toBase64() }, metadata: { note: 'x'.repeat(8192) } },
      ['#/metadata'],
    ],
  ])('names every wrong field: %s', async (_, body, pointers) => {
    await expectProblem(await client.post('/v1/concepts', body), 'validation_failed', pointers);
  });

  test('names wrong fields of a form', async () => {
    const form = photoForm(png(), { metadata: 'no json', colour: 'red' });
    form.append('name', 'one');
    form.append('name', 'two');
    await expectProblem(await client.post('/v1/concepts', form), 'validation_failed', [
      '#/name',
      '#/metadata',
      '#/colour',
    ]);
  });

  const gif = bytesOf(`GIF89a${'\0'.repeat(20)}`);

  test('names in one answer everything that is wrong with the shape, the pictures, the model and the webhook', async () => {
    const body = {
      image: { data: gif.toBase64() },
      mask: 'auto',
      webhook: { url: 'https://127.0.0.1/', events: ['concept.sold'] },
      name: 3,
    };
    await expectProblem(await client.post('/v1/concepts', body), 'validation_failed', [
      ...['#/name', '#/webhook/events/0', '#/image', '#/mask', '#/webhook/url'],
    ]);
    const form = photoForm(png(10_000, 6_000), {
      mask: new File([gif], 'mask'),
      webhook: '{"url":"https://127.0.0.1/","events":3}',
      retain: '1',
    });
    await expectProblem(await client.post('/v1/concepts', form), 'validation_failed', [
      ...['#/retain', '#/webhook/events', '#/image', '#/mask', '#/webhook/url'],
    ]);
  });

  test('names them in one answer also when the shape is right; one alone keeps its code', async () => {
    const refused = photoForm(gif, { mask: 'auto', webhook: '{"url":"https://127.0.0.1/"}' });
    await expectProblem(await client.post('/v1/concepts', refused), 'validation_failed', [
      ...['#/image', '#/mask', '#/webhook/url'],
    ]);
    await expectProblem(await client.post('/v1/concepts', photoForm(gif)), 'unsupported_media_type', ['#/image']);
  });

  test('refuses what cannot be parsed and what is of another type', async () => {
    const post = (body: string, type: string) =>
      client.send('POST', '/v1/concepts', { body, headers: { 'Content-Type': type } });
    await expectProblem(await post('{', 'application/json'), 'malformed_request');
    await expectProblem(await post('--x', 'multipart/form-data; boundary=y'), 'malformed_request');
    await expectProblem(await post('<a/>', 'application/xml'), 'unsupported_media_type');
    await expectProblem(await client.post('/v1/concepts'), 'validation_failed');
  });
});

describe('POST /v1/uploads', () => {
  test('gives a place whose type and length are signed, and what arrived there can be encoded', async () => {
    const photo = jpeg();
    const answer = await client.post('/v1/uploads', { content_type: 'image/jpeg', size: photo.length });
    expect(answer.status).toBe(201);
    const { id, url, method, headers } = await answer.json<{
      id: string;
      url: string;
      method: string;
      headers: object;
    }>();
    const { searchParams, pathname } = new URL(url);
    expect([method, headers]).toEqual([
      'PUT',
      { 'content-type': 'image/jpeg', 'content-length': String(photo.length) },
    ]);
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;content-type;host');
    expect(searchParams.get('X-Amz-Expires')).toBe('3600');

    await env.BUCKET.put(pathname.replace('/elite/', ''), photo);
    const response = await client.post('/v1/concepts', { image: { upload_id: id } });
    expect(response.status).toBe(202);
    const stranger = await newClient();
    await expectProblem(await stranger.post('/v1/concepts', { image: { upload_id: id } }), 'validation_failed', [
      '#/image/upload_id',
    ]);
  });

  test('is kept for longer than a job that needs it may take', () => {
    expect(deadlineOf(0, DEFAULT_START_WITHIN_MS)).toBeLessThan(1000 * UPLOAD_RETAIN_SECONDS);
  });

  test.each([
    [{ content_type: 'image/gif', size: 1 }, '#/content_type'],
    [{ content_type: 'image/png', size: 10 * 1024 * 1024 + 1 }, '#/size'],
    [{ content_type: 'image/png', size: 0 }, '#/size'],
  ])('refuses %j', async (body, pointer) => {
    await expectProblem(await client.post('/v1/uploads', body), 'validation_failed', [pointer]);
  });
});

describe('an image by URL', () => {
  test.each([
    'http://example.com/a.png',
    'https://127.0.0.1/a.png',
    'https://2130706433/a.png',
    'https://0x7f.1/a.png',
    'https://[::1]/a.png',
    'https://[::ffff:10.0.0.1]/a.png',
    'https://169.254.169.254/latest/meta-data',
    'https://user:password@example.com/a.png',
    'https://localhost/a.png',
    'https://edge.test/v1/models',
    'file:///etc/passwd',
    'not a url',
  ])('is refused: %s', async (url) => {
    await expectProblem(await client.post('/v1/concepts', { image: { url } }), 'validation_failed', ['#/image/url']);
  });
});

describe('mask: "auto"', () => {
  test('is refused by a model without segmentation, in both forms', async () => {
    const json = await client.post('/v1/concepts', { image: { data: png().toBase64() }, mask: 'auto' });
    await expectProblem(json, 'segmentation_unavailable', ['#/mask']);
    await expectProblem(
      await client.post('/v1/concepts', photoForm(png(), { mask: 'auto' })),
      'segmentation_unavailable',
    );
  });
});

describe('POST /v1/concepts/import', () => {
  const send = (body: BodyInit, type = 'application/octet-stream') =>
    client.send('POST', '/v1/concepts/import', { body, headers: { 'Content-Type': type } });

  test('makes a ready concept of the file that another account downloaded', async () => {
    const source = await upload();
    await doJob(client.accountId, source.id);
    const file = await (await client.get(`/v1/concepts/${source.id}/embedding`)).arrayBuffer();
    const friend = await newClient();
    const headers = { 'Content-Type': 'application/octet-stream' };
    const response = await friend.send('POST', '/v1/concepts/import', { body: file, headers });
    expect(response.status).toBe(201);
    const concept = conceptSchema.parse(await response.json());
    expect(concept).toMatchObject({ status: 'ready', image_url: null, mask_source: 'none' });
    const generation = await friend.post('/v1/generations', { prompt: 'a S*', concepts: [{ concept: concept.id }] });
    expect(generation.status).toBe(202);
    const copy = await friend.get(`/v1/concepts/${concept.id}/embedding`);
    expect(new Uint8Array(await copy.arrayBuffer())).toEqual(new Uint8Array(file));
  });

  test('refuses what is no concept of this model', async () => {
    await expectProblem(await send('no file'), 'validation_failed', ['#']);
    await expectProblem(await send(testConceptFile({ model: 'another' })), 'validation_failed', ['#']);
    await expectProblem(await send(testConceptFile({ value: Number.NaN })), 'validation_failed', ['#']);
    await expectProblem(await send(new Uint8Array(9 * 1024 * 1024)), 'payload_too_large');
    await expectProblem(await send('{}', 'text/plain'), 'unsupported_media_type');
  });
});

describe('a concept', () => {
  test('goes from queued over encoding to ready, with its files', async () => {
    const concept = await upload();
    const attempt = newAttempt(await queuedMessage(client.accountId, concept.id));
    await expectProblem(await client.get(`/v1/concepts/${concept.id}/embedding`), 'not_ready');
    expect(await attempt.report({ type: 'started' })).toEqual({ action: 'continue' });
    expect(await read(concept.id)).toMatchObject({ status: 'encoding', ready_at: null, embedding_url: null });
    expect(await attempt.succeed()).toEqual({ action: 'stop', reason: 'ended' });

    const ready = await read(concept.id);
    expect(ready).toMatchObject({ status: 'ready', error: null, mask_url: null, timings: { encode_ms: 7 } });
    const file = await client.get(`/v1/concepts/${concept.id}/embedding`);
    expect(readConceptFile(new Uint8Array(await file.arrayBuffer())).wordCount).toBe(5);
    expect(await (await request(ready.image_url!)).text()).toBe(`photo of ${concept.id}`);
    await expectProblem(await client.get(`/v1/concepts/${concept.id}/mask`), 'not_found');
  });

  test('that failed says why and keeps nothing', async () => {
    const concept = await upload();
    const attempt = newAttempt(await queuedMessage(client.accountId, concept.id));
    await attempt.report({ type: 'started' });
    await attempt.writeResult();
    const error = {
      code: 'image_corrupt',
      message: 'Expected a whole JPEG, got one that ends early.',
      retryable: false,
    } as const;
    expect(await attempt.report({ type: 'failed', error })).toEqual({ action: 'stop', reason: 'ended' });
    expect(await read(concept.id)).toMatchObject({ status: 'failed', error, image_url: null, embedding_url: null });
    await expect.poll(() => storedKeys(concept.id)).toEqual([]);
    await expectProblem(await client.get(`/v1/concepts/${concept.id}/embedding`), 'not_found');
  });

  test('that failed may be tried again with the same photo', async () => {
    const photo = png();
    const concept = await upload(photo);
    const attempt = newAttempt(await queuedMessage(client.accountId, concept.id));
    await attempt.report({ type: 'failed', error: { code: 'engine_failed', message: 'x', retryable: true } });
    expect((await upload(photo)).id).not.toBe(concept.id);
  });

  test('can be cancelled, and stays as it is once it has ended', async () => {
    const concept = await upload();
    const canceled = await client.post(`/v1/concepts/${concept.id}/cancel`);
    expect(await canceled.json()).toMatchObject({ status: 'failed', error: { code: 'canceled' } });
    const attempt = newAttempt(await queuedMessage(client.accountId, concept.id));
    expect(await attempt.report({ type: 'started' })).toEqual({ action: 'stop', reason: 'ended' });

    const ready = await upload();
    await doJob(client.accountId, ready.id);
    expect(await (await client.post(`/v1/concepts/${ready.id}/cancel`)).json()).toMatchObject({ status: 'ready' });
  });

  test('can be waited for: ?wait returns at its end, or at any change', async () => {
    const concept = await upload();
    const attempt = newAttempt(await queuedMessage(client.accountId, concept.id));
    const change = read(concept.id, '?wait=30&until=change');
    const end = read(concept.id, '?wait=30');
    let changed: Concept | undefined;
    void change.then((concept) => {
      changed = concept;
    });
    for (let step = 0; !changed; step += 1) {
      await attempt.report({ type: 'progress', step, steps: 1000 });
    }
    expect(changed).toMatchObject({ status: 'encoding' });
    await attempt.succeed();
    expect(await end).toMatchObject({ status: 'ready' });
    expect(await read(concept.id, '?wait=60&until=change')).toMatchObject({ status: 'ready' });
  });

  test('can be renamed; what is left out stays', async () => {
    const { id } = await upload(png(), { name: 'Rex', category: 'dog' });
    const change = (body: object) =>
      client.send('PATCH', `/v1/concepts/${id}`, { body: JSON.stringify(body), headers: json });
    const json = { 'Content-Type': 'application/json' };
    expect(await (await change({ name: 'Max', metadata: { a: 1 } })).json()).toMatchObject({
      name: 'Max',
      category: 'dog',
      metadata: { a: 1 },
    });
    expect(await (await change({ category: null })).json()).toMatchObject({
      name: 'Max',
      category: null,
      metadata: { a: 1 },
    });
    await expectProblem(await change({ name: '', status: 'ready' }), 'validation_failed', ['#/name', '#/status']);
  });

  test('takes its files along when deleted, also those of a worker still writing', async () => {
    const concept = await upload();
    const attempt = newAttempt(await queuedMessage(client.accountId, concept.id));
    await attempt.report({ type: 'started' });
    expect((await client.send('DELETE', `/v1/concepts/${concept.id}`)).status).toBe(204);
    await expectProblem(await client.get(`/v1/concepts/${concept.id}`), 'not_found');
    expect(await attempt.succeed()).toEqual({ action: 'stop', reason: 'ended' });
    const account = env.ACCOUNT.getByName(client.accountId);
    await runInDurableObject(account, (instance) => {
      instance.now = () => Date.now() + 5_400_000;
    });
    await runDurableObjectAlarm(account);
    await expect.poll(() => storedKeys(concept.id)).toEqual([]);
  });

  test('is not there for another account, nor when it never was', async () => {
    const concept = await upload();
    await doJob(client.accountId, concept.id);
    const stranger = await newClient();
    for (const path of ['', '/image', '/mask', '/embedding']) {
      await expectProblem(await stranger.get(`/v1/concepts/${concept.id}${path}`), 'not_found');
      await expectProblem(await stranger.get(`/v1/concepts/con_01ARZ3NDEKTSV4RRFFQ69G5FAV${path}`), 'not_found');
    }
    await expectProblem(await client.get('/v1/concepts/con_x'), 'not_found');
  });
});

describe('GET /v1/concepts', () => {
  test('lists newest first, page by page, and by status', async () => {
    client = await newClient();
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      ids.unshift((await upload()).id);
    }
    await doJob(client.accountId, ids[2]!);
    const seen: string[] = [];
    let cursor = '';
    for (;;) {
      const page = await (await client.get(`/v1/concepts?limit=2${cursor}`)).json<{
        data: Concept[];
        has_more: boolean;
        next_cursor: string | null;
      }>();
      seen.push(...page.data.map(({ id }) => id));
      expect(page.has_more).toBe(page.next_cursor !== null);
      if (!page.next_cursor) {
        break;
      }
      cursor = `&cursor=${page.next_cursor}`;
    }
    expect(seen).toEqual(ids);
    const ready = await (await client.get('/v1/concepts?status=ready')).json<{ data: Concept[] }>();
    expect(ready.data.map(({ id }) => id)).toEqual([ids[2]]);
  });

  test.each(['limit=0', 'limit=101', 'limit=x', 'cursor=%00', 'cursor=con_1', 'status=done'])(
    'refuses %s',
    async (query) => {
      await expectProblem(await client.get(`/v1/concepts?${query}`), 'validation_failed', [`#/${query.split('=')[0]}`]);
    },
  );
});
