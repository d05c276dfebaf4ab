import fc from 'fast-check';
import { beforeAll, expect, inject, test } from 'vitest';
import { problemSchema } from '../../shared/problem.ts';
import { announceModel, type Client, newClient, readyConcept } from './client.ts';
import { declaredOperations, nameOf, type Operation } from './operations.ts';
import { jpeg, png } from './pictures.ts';
import { doJob, testConceptFile } from './scripted-worker.ts';

/** No input ends in a 500: requests of every kind of nonsense, close to and far from what each operation wants. */

type FuzzedRequest = {
  readonly path: string;
  readonly headers: [string, string][];
  readonly body: BodyInit | undefined;
};

let client: Client;
const known = { concept: '', generation: '' };

beforeAll(async () => {
  await announceModel();
  client = await newClient();
  known.concept = await readyConcept(client);
  const body = { prompt: 'a S*', concepts: [{ concept: known.concept }] };
  known.generation = (await (await client.post('/v1/generations', body)).json<{ id: string }>()).id;
  await doJob(client.accountId, known.generation);
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '../',
    '%',
    '🦊',
    '\ud800',
    'null',
    '__proto__',
    'constructor',
    'a'.repeat(3000),
    '9'.repeat(400),
  ),
);

const json = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  fc.constantFrom<unknown>(-1, 1e308, 2 ** 53, [], {}, ''),
);

/** A field's value: right, or anything. */
function field(...right: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: json });
}

const image = fc.oneof(
  json,
  fc.record({ data: field(png().toBase64(), jpeg(1, 1).toBase64(), 'AAAA') }, { requiredKeys: [] }),
  fc.record({ url: field('http://localhost', 'https://[::1]/', 'ftp://x', 'https://x:99999') }, { requiredKeys: [] }),
  fc.record({ upload_id: field('upl_01ARZ3NDEKTSV4RRFFQ69G5FAV') }, { requiredKeys: [] }),
);

const jsonBody = fc.record(
  {
    prompt: field('a S* in the snow', 'S*', ''),
    concepts: fc.oneof(
      json,
      fc.array(
        fc.record(
          {
            concept: fc.oneof(
              fc.constant(null).map(() => known.concept),
              json,
            ),
            token: field('S*', 'sks', '<>'),
            strength: field(0, 0.5, 3),
            words: field('primary', 0, 99),
          },
          { requiredKeys: [] },
        ),
        { maxLength: 3 },
      ),
    ),
    negative_prompt: field(''),
    num_images: field(1, 9),
    seed: field(0, 2 ** 32),
    steps: field(1, 10_000),
    sampler: field('lms', 'plms'),
    guidance_scale: field(5, -1),
    guidance_interval: field({ from: 0, to: 0.5 }, { from: 1, to: 0 }),
    width: field(64, 65),
    height: field(64),
    format: field('png', 'bmp'),
    start_within: field(60, 0),
    retain: field(3600, 1),
    metadata: field({}, { a: 1 }),
    webhook: field({ url: 'https://127.0.0.1/' }),
    image,
    mask: fc.oneof(fc.constant('auto'), image),
    name: field('x', null),
    category: field('dog'),
    rights: field('use', 'copy', 'own'),
    max_uses: field(1, 0),
    scopes: field(['concepts:read'], ['x']),
    expires_in: field(60),
    end_user: field('ann'),
    content_type: field('image/png'),
    size: field(1),
  },
  { requiredKeys: [] },
);

/**
 * Fields that an operation does not know make it refuse before it looks at the others: keep only those it may know,
 * mostly.
 */
const FIELDS_OF: Readonly<Record<string, readonly string[]>> = {
  'POST /v1/generations': [
    ...[
      'prompt',
      'concepts',
      'negative_prompt',
      'num_images',
      'seed',
      'steps',
      'sampler',
      'guidance_scale',
      'guidance_interval',
      'width',
      'height',
    ],
    ...['format', 'retain', 'start_within', 'metadata', 'webhook'],
  ],
  'POST /v1/concepts': ['image', 'mask', 'retain', 'name', 'category', 'metadata', 'webhook'],
  'PATCH /v1/concepts/{id}': ['name', 'category', 'metadata'],
  'POST /v1/concepts/{id}/shares': ['rights', 'expires_in', 'max_uses'],
  'POST /v1/keys': ['name'],
  'POST /v1/client-tokens': ['scopes', 'expires_in', 'end_user'],
  'POST /v1/uploads': ['content_type', 'size'],
};

const form = fc
  .array(
    fc.tuple(fc.oneof(fc.constantFrom('image', 'mask', 'name', 'metadata'), text), fc.oneof(text, fc.constant(png()))),
    { maxLength: 4 },
  )
  .map((entries) => {
    const data = new FormData();
    for (const [name, value] of entries) {
      data.append(name, typeof value === 'string' ? value : new File([value], 'photo'));
    }
    return data;
  });

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.nat(600).map((length) => testConceptFile().slice(0, length)),
  fc.nat(600).map((at) => testConceptFile().with(at, 0xff)),
);

function bodyFor(operation: Operation): fc.Arbitrary<BodyInit | undefined> {
  if (operation.method === 'GET') {
    return fc.constant(undefined);
  }
  const fields = FIELDS_OF[nameOf(operation)];
  const pick = (value: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(value).filter(([name]) => fields?.includes(name) ?? true));
  return fc.oneof(
    { weight: 5, arbitrary: jsonBody.map((value) => JSON.stringify(pick(value))) },
    { weight: 1, arbitrary: json.map((value) => JSON.stringify(value)) },
    {
      weight: 1,
      arbitrary: fc.oneof(
        text,
        jsonBody.map((value) => JSON.stringify(value).slice(0, -1)),
      ),
    },
    { weight: 1, arbitrary: form },
    { weight: 1, arbitrary: bytes.map((array) => new Uint8Array(array)) },
    { weight: 1, arbitrary: fc.constant(undefined) },
  );
}

const HEADER_NAMES = [
  'Idempotency-Key',
  'Last-Event-ID',
  'X-Request-Id',
  'traceparent',
  'Accept',
  'Prefer',
  'Range',
  'If-None-Match',
];

/** What may stand in a header at all. */
const headerText = text.map((value) => value.replace(/[^\x20-\x7e]/g, '').trim());

const headers = fc.array(fc.tuple(fc.constantFrom(...HEADER_NAMES), headerText), { maxLength: 3 });

const contentType = fc.oneof(
  { weight: 6, arbitrary: fc.constant('application/json') },
  fc.constantFrom(
    '',
    'multipart/form-data',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'text/plain',
    'application/JSON; charset=x',
  ),
);

const QUERY_NAMES = ['limit', 'cursor', 'status', 'until', 'dry_run', 'period', 'exp', 'kid', 'sig'];
const query = fc.array(
  fc.tuple(
    fc.constantFrom(...QUERY_NAMES),
    fc.oneof(text, fc.constantFrom('1', '0', 'true', 'end', '2026-01', 'Y29u')),
  ),
  { maxLength: 3 },
);

function pathFor({ path }: Operation): fc.Arbitrary<string> {
  const segment = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constant(null).map(() => (path.includes('generations') ? known.generation : known.concept)),
    },
    text.map((value) => encodeURIComponent(value.toWellFormed())),
  );
  const number = fc.oneof(fc.constantFrom('0', '1', '-1'), segment);
  return fc.tuple(segment, number).map(([id, n]) => path.replace(/\{\w+\}/g, (name) => (name === '{n}' ? n : id)));
}

function requestFor(operation: Operation): fc.Arbitrary<FuzzedRequest> {
  return fc.record({ path: pathFor(operation), query, headers, contentType, body: bodyFor(operation) }).map((parts) => {
    const type = typeof parts.body === 'string' || parts.body instanceof Uint8Array ? parts.contentType : '';
    const search = parts.query.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join('&');
    return {
      path: search ? `${parts.path}?${search}` : parts.path,
      headers: [...parts.headers, ...(type ? [['Content-Type', type] as [string, string]] : [])],
      body: parts.body,
    };
  });
}

declare module 'vitest' {
  interface ProvidedContext {
    fuzzCases: number;
  }
}

/** The objects that the other requests are about stay. */
const operations = declaredOperations().filter(({ method }) => method !== 'DELETE');
const casesEach = Math.ceil(inject('fuzzCases') / operations.length);

test.each(operations.map((operation) => [nameOf(operation), operation] as const))(
  '%s never fails on our side',
  async (_, operation) => {
    await fc.assert(
      fc.asyncProperty(requestFor(operation), async ({ path, headers, body }) => {
        const response = await client.send(operation.method, path, { headers, ...(body !== undefined && { body }) });
        expect(response.status).toBeLessThan(500);
        const isPage = response.headers.get('Content-Type')?.startsWith('text/html'); // what a browser is shown at a share's URL
        if (response.status >= 400 && !isPage) {
          expect(problemSchema.parse(await response.json()).status).toBe(response.status);
        } else {
          await response.arrayBuffer();
        }
      }),
      { numRuns: casesEach },
    );
  },
);
