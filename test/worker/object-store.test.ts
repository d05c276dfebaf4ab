import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createR2ObjectStore, type ObjectStore } from '../../gpu-worker/worker/object-store.ts';
import { s3Endpoint } from '../../infra/local/edge.ts';

/** The worker's door to the bucket is experimental in Miniflare: what the worker needs of it is held here. */
let miniflare: Miniflare;
let store: ObjectStore;

beforeAll(async () => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: `export default { fetch: async (request, { BUCKET }) => {
        const object = await BUCKET.get(new URL(request.url).searchParams.get('key'));
        return object ? new Response(object.body, { headers: { 'content-type': object.httpMetadata.contentType } }) : new Response('', { status: 404 });
      } }`,
      compatibilityDate: '2026-10-01',
      r2Buckets: { BUCKET: { id: 'bucket', s3Credentials: credentials } },
      host: '127.0.0.1',
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.ERROR),
    }),
  );
  const origin = (await miniflare.ready).href;
  store = createR2ObjectStore({ endpoint: s3Endpoint(origin), bucket: 'bucket', credentials });
});

afterAll(() => miniflare?.dispose());

const text = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString();

test('what the worker puts is what the edge gets, type and all', async () => {
  await store.put('a/photo.webp', Buffer.from('a photo'), 'image/webp');
  const response = await miniflare.dispatchFetch('http://edge/?key=a/photo.webp');
  expect([await response.text(), response.headers.get('content-type')]).toEqual(['a photo', 'image/webp']);
});

test('an object of many megabytes comes back whole, and soon', async () => {
  const large = Buffer.alloc(9_000_000, 'noise');
  await store.put('large', large, 'application/octet-stream');
  expect(large.equals((await store.get('large')) ?? Buffer.alloc(0))).toBe(true);
}, 5000);

test('what is not there is null, and can be deleted', async () => {
  expect(await store.get('nothing')).toBe(null);
  await store.delete('nothing');
  await store.put('something', Buffer.from('x'), 'text/plain');
  await store.delete('something');
  expect(await store.get('something')).toBe(null);
});

test('of many first writes one wins, and stays', async () => {
  const bodies = Array.from({ length: 8 }, (_, i) => `writer ${i}`);
  const outcomes = await Promise.all(bodies.map((body) => store.putOnce('once', Buffer.from(body), 'text/plain')));
  expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
  expect(text(await store.get('once'))).toBe(bodies[outcomes.indexOf('written')]);
  expect(await store.putOnce('once', Buffer.from('late'), 'text/plain')).toBe('taken');
});
