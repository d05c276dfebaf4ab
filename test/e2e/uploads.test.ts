import { readFile } from 'node:fs/promises';
import { AwsClient, AwsV4Signer } from 'aws4fetch';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { answerOf, createClient } from '../../edge/client/create-client.ts';
import type { ApiClient } from '../../infra/local/demo/api-client.ts';
import type { Stack } from '../../infra/local/stack.ts';
import { picture, startLocalStack } from './local-stack.ts';

/**
 * A photo as a phone sends a large one: a place is asked for, the photo is PUT there past the edge, and a concept is
 * made of it. The bucket's S3 door checks signatures as R2's does.
 */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const HOUR_MS = 3_600_000;

let stack: Stack;
let api: ApiClient;
let client: ReturnType<typeof createClient>;
let photo: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  ({ stack, api } = await startLocalStack());
  client = createClient({ origin: stack.url, token: stack.apiKey });
  photo = new Uint8Array(await (await picture('creature.png')).arrayBuffer());
});

afterAll(() => stack?.stop());

async function newUpload(size = photo.length) {
  return answerOf(client.POST('/v1/uploads', { body: { content_type: 'image/png', size } }));
}

type Upload = Awaited<ReturnType<typeof newUpload>>;

/** What lies where an upload points, asked for with the bucket's own credentials; null when nothing does. */
async function stored({ url }: { url: string }): Promise<Uint8Array | null> {
  const s3 = new AwsClient({ ...stack.bucket.credentials, service: 's3', region: 'auto' });
  const response = await s3.fetch(`${new URL(url).origin}${new URL(url).pathname}`);
  expect([200, 404]).toContain(response.status);
  return response.ok ? response.bytes() : null;
}

/** The upload's URL as it would have been signed at another time. */
async function signedAt(upload: Upload, atMs: number): Promise<string> {
  const url = new URL(upload.url);
  const lifetime = url.searchParams.get('X-Amz-Expires');
  const signer = new AwsV4Signer({
    method: 'PUT',
    url: `${url.origin}${url.pathname}?X-Amz-Expires=${lifetime}`,
    headers: upload.headers,
    ...stack.bucket.credentials,
    service: 's3',
    region: 'auto',
    datetime: new Date(atMs).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    signQuery: true,
    allHeaders: true,
  });
  return (await signer.sign()).url.href;
}

function conceptOf({ id }: Upload) {
  return client.POST('/v1/concepts', { body: { image: { upload_id: id } } });
}

test('a photo put where the API says becomes a concept', async () => {
  const upload = await newUpload();
  const put = await fetch(upload.url, { method: upload.method, headers: upload.headers, body: photo });
  expect(put.status).toBe(200);
  expect(await stored(upload)).toEqual(photo);
  const made = await answerOf(conceptOf(upload));
  const ended = await answerOf(
    client.GET('/v1/concepts/{id}', { params: { path: { id: made.id }, query: { wait: 60, until: 'end' } } }),
  );
  expect(ended).toMatchObject({ status: 'ready', error: null });
  expect(await api.download(ended.image_url ?? '')).not.toHaveLength(0);
});

test('a page may send all that the API asks for: the bucket’s CORS rules let it', async () => {
  const { rules } = JSON.parse(await readFile(new URL('../../infra/r2/cors.json', import.meta.url), 'utf8'));
  const { method, headers } = await newUpload();
  const asked = Object.keys(headers).filter((name) => name !== 'content-length'); // a browser sets it by itself
  expect(rules).toContainEqual(
    expect.objectContaining({ allowed: { origins: ['*'], methods: [method], headers: asked } }),
  );
});

describe('nothing is kept of a PUT', () => {
  type Put = { readonly url?: string; readonly type?: string; readonly body?: RequestInit['body'] };

  const longer = () => new Uint8Array([...photo, 0]);
  const shorter = () => photo.slice(0, -1);
  const inPieces = () => new Blob([photo]).stream();

  test.each<[string, string, (upload: Upload) => Put | Promise<Put>]>([
    ['of more bytes than were announced', 'SignatureDoesNotMatch', () => ({ body: longer() })],
    ['of fewer', 'SignatureDoesNotMatch', () => ({ body: shorter() })],
    ['without a length', 'SignatureDoesNotMatch', () => ({ body: inPieces() })],
    ['of another type', 'SignatureDoesNotMatch', () => ({ type: 'image/jpeg' })],
    [
      'to another key',
      'SignatureDoesNotMatch',
      async ({ url }) => ({ url: url.replace(/upl_[0-9A-Z]+/, (await newUpload()).id) }),
    ],
    [
      'to a key outside the uploads',
      'SignatureDoesNotMatch',
      ({ url }) => ({ url: url.replace(/uploads\/.*\/file/, 'models/current.json') }),
    ],
    [
      'with a tampered signature',
      'SignatureDoesNotMatch',
      ({ url }) => ({ url: url.replace(/(?<=X-Amz-Signature=)./, (digit) => (digit === '0' ? '1' : '0')) }),
    ],
    [
      'with a longer life than was signed',
      'SignatureDoesNotMatch',
      ({ url }) => ({ url: url.replace('X-Amz-Expires=3600', 'X-Amz-Expires=7200') }),
    ],
    ['without a signature', 'InvalidArgument', ({ url }) => ({ url: url.replace(/\?.*/, '') })],
    [
      'after its hour',
      'ExpiredRequest',
      async (upload) => ({ url: await signedAt(upload, Date.now() - HOUR_MS - 1000) }),
    ],
  ])('%s: %s', async (_what, code, change) => {
    const upload = await newUpload();
    const { url = upload.url, type = upload.headers['content-type'], body = photo } = await change(upload);
    const before = await stored({ url });
    const response = await fetch(url, { method: 'PUT', headers: { 'Content-Type': type ?? '' }, body, duplex: 'half' });
    expect(response.ok).toBe(false);
    expect(await response.text()).toContain(`<Code>${code}</Code>`);
    expect(await stored({ url })).toEqual(before);
    expect(await stored(upload)).toBeNull();
    expect((await conceptOf(upload)).error).toMatchObject({ errors: [{ pointer: '#/image/upload_id' }] });
  });

  test('after its hour, and not before: the same URL signed a minute earlier still works', async () => {
    const upload = await newUpload();
    const url = await signedAt(upload, Date.now() - HOUR_MS + 60_000);
    expect((await fetch(url, { method: 'PUT', headers: upload.headers, body: photo })).status).toBe(200);
    expect(await stored(upload)).toEqual(photo);
  });
});
