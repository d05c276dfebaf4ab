import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { problemSchema } from '../../shared/problem.ts';
import { type RawAnswer, rawExchange } from './raw-exchange.ts';
import { conceptFile, startTestFront, type TestFront } from './test-front.ts';

/**
 * Bytes on a socket that no HTTP client would send, against the edge in its real workerd: nothing ends in a 5xx,
 * nothing is kept of what is broken, and the next request is answered.
 */

/** A tenth of what the parsed requests of test/edge/fuzz get: each takes a connection of its own. */
const CASES = Math.ceil(Number(process.env.FUZZ_CASES ?? 5000) / 10);

vi.setConfig({ testTimeout: 60_000 + 50 * CASES, hookTimeout: 60_000 });

let front: TestFront;
let port: number;
let base: string; // what the head of every sensible request has
let concept: string;
let keysBefore: readonly string[];

beforeAll(async () => {
  front = await startTestFront();
  port = Number(new URL(front.url).port);
  base = `Host: 127.0.0.1:${port}\r\nAuthorization: Bearer ${front.apiKey}\r\n`;
  const file = Buffer.from(conceptFile()).toString('latin1');
  const [imported] = await rawExchange(port, post('/v1/concepts/import', 'application/octet-stream', file));
  concept = JSON.parse(imported!.body).id;
  keysBefore = await front.storedKeys();
});

afterAll(() => front?.stop());

function head(requestLine: string, headers = ''): string {
  return `${requestLine}\r\n${base}${headers}\r\n`;
}

function get(path: string, headers = ''): string {
  return head(`GET ${path} HTTP/1.1`, headers);
}

function post(path: string, type: string, body: string, framing = `Content-Length: ${body.length}\r\n`): string {
  return `${head(`POST ${path} HTTP/1.1`, `Content-Type: ${type}\r\n${framing}`)}${body}`;
}

/** A sound answer of ours, or one that the server below us gave to what is no request. */
function expectSound(answers: readonly RawAnswer[]): void {
  for (const { status, headers, body } of answers) {
    expect(status, body).toBeLessThan(500);
    const isOurs = headers.has('x-request-id');
    if (!isOurs) {
      expect(status === 100 || status >= 400, body).toBe(true);
    } else if (status >= 400 && headers.get('content-type') === 'application/problem+json') {
      expect(problemSchema.parse(JSON.parse(body)).status).toBe(status);
    } else if (status >= 400) {
      expect(headers.get('content-type')).toMatch(/^text\/html/); // what a browser is shown at a share's URL
    }
  }
}

function expectRefused(answers: readonly RawAnswer[]): void {
  expectSound(answers);
  expect(answers.filter(({ status }) => status < 400)).toEqual([]);
}

async function expectNothingKept(): Promise<void> {
  const [health] = await rawExchange(port, get('/healthz'));
  expect(health?.status).toBe(200);
  expect(await front.storedKeys()).toEqual(keysBefore);
  expect(await front.queuedJobs()).toBe(0);
  const list = async (path: string) => JSON.parse((await rawExchange(port, get(path)))[0]!.body).data.length;
  expect([await list('/v1/concepts'), await list('/v1/generations'), await list('/v1/keys')]).toEqual([1, 0, 1]);
}

/** Requests that would make something if they arrived whole. */
const CREATIONS = ['generation', 'concept as form', 'concept as JSON', 'import', 'key', 'share'] as const;

const JSON_TYPE = 'application/json';

/** Bytes that pass for the header of a picture. */
const PHOTO = '\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x02\0\0\0 and pixels after it';

function form(content = PHOTO, boundary = 'boundary'): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="image"; filename="photo"\r\n\r\n${content}\r\n--${boundary}--\r\n`;
}

function creation(name: (typeof CREATIONS)[number]): { path: string; type: string; body: string } {
  switch (name) {
    case 'generation':
      return {
        path: '/v1/generations',
        type: JSON_TYPE,
        body: JSON.stringify({ prompt: 'a S*', concepts: [{ concept }] }),
      };
    case 'concept as form':
      return { path: '/v1/concepts', type: 'multipart/form-data; boundary=boundary', body: form() };
    case 'concept as JSON':
      return { path: '/v1/concepts', type: JSON_TYPE, body: JSON.stringify({ image: { data: btoa(PHOTO) } }) };
    case 'import':
      return {
        path: '/v1/concepts/import',
        type: 'application/octet-stream',
        body: Buffer.from(conceptFile()).toString('latin1'),
      };
    case 'key':
      return { path: '/v1/keys', type: JSON_TYPE, body: '{"name":"another"}' };
    case 'share':
      return { path: `/v1/concepts/${concept}/shares`, type: JSON_TYPE, body: '{"rights":"export"}' };
  }
}

/** How the body of a request fails to arrive: each is wrong whatever the body is. */
const FRAMINGS = {
  'a length beyond the body': ({ path, type, body }, n) =>
    post(path, type, body, `Content-Length: ${body.length + n}\r\n`),
  'a length short of the body': ({ path, type, body }, n) =>
    post(path, type, body, `Content-Length: ${Math.max(0, body.length - 12 - n)}\r\n`),
  'two lengths': ({ path, type, body }, n) =>
    post(path, type, body, `Content-Length: ${body.length}\r\nContent-Length: ${body.length + n}\r\n`),
  'a chunk without its end': ({ path, type, body }, n) =>
    post(path, type, `${(body.length + n).toString(16)}\r\n${body}`, CHUNKED),
  'a chunk longer than it says': ({ path, type, body }, n) =>
    post(path, type, `${Math.max(1, body.length - n).toString(16)}\r\n${body}\r\n0\r\n\r\n`, CHUNKED),
  'a chunk size that is none': ({ path, type, body }, n) =>
    post(path, type, `${['-1', 'x', '', '0x10', '9'.repeat(40), ' 5', '5 5'][n % 7]}\r\n${body}\r\n0\r\n\r\n`, CHUNKED),
  'no last chunk': ({ path, type, body }) => post(path, type, `${body.length.toString(16)}\r\n${body}\r\n`, CHUNKED),
  'no body': ({ path, type, body }) => post(path, type, '', `Content-Length: ${body.length}\r\n`),
} as const satisfies Record<string, (request: ReturnType<typeof creation>, n: number) => string>;

const CHUNKED = 'Transfer-Encoding: chunked\r\n';

describe('a body that does not arrive whole', () => {
  test.each(CREATIONS)('makes no %s, however it is framed', async (name) => {
    const framings = fc.constantFrom(...Object.values(FRAMINGS));
    const keyed = fc.boolean();
    await fc.assert(
      fc.asyncProperty(framings, fc.integer({ min: 1, max: 200 }), keyed, async (frame, n, isKeyed) => {
        const request = frame(creation(name), n);
        const key = `Idempotency-Key: ${crypto.randomUUID()}\r\n`;
        expectRefused(
          await rawExchange(port, isKeyed ? request.replace('Content-Type', `${key}Content-Type`) : request),
        );
      }),
      { numRuns: Math.ceil(CASES / (3 * CREATIONS.length)) },
    );
    await expectNothingKept();
  });

  test.each(CREATIONS)('makes no %s when the connection is cut', async (name) => {
    const { path, type, body } = creation(name);
    const whole = post(path, type, body);
    const bodyStart = whole.length - body.length;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: whole.length - 1 }), async (length) => {
        await rawExchange(port, whole.slice(0, length), { cut: true });
        await rawExchange(port, whole.slice(0, Math.max(length, bodyStart)), { cut: true });
      }),
      { numRuns: Math.ceil(CASES / (20 * CREATIONS.length)) },
    );
    await expectNothingKept();
  });
});

describe('a form that is broken', () => {
  const piece = fc.constantFrom(
    ...['--boundary', '--boundary--', '--boundar', '--', '\r\n', '\r\n\r\n', '\n', '\r', '\0', ';', '"', 'boundary'],
    'Content-Disposition: form-data; name="image"',
    'Content-Disposition: form-data; name="image"; filename="photo"',
    'Content-Disposition: form-data; name="metadata"',
    "Content-Disposition: form-data; filename*=UTF-8''%ff%00",
    'Content-Disposition: attachment',
    'Content-Length: 9999999999',
    'Content-Transfer-Encoding: base64',
    'Content-Type: multipart/mixed; boundary=boundary',
    'name="__proto__"',
    '\xff\xfe',
    'x'.repeat(5000),
  );
  const boundary = fc.constantFrom('boundary', 'json', '"boundary"', 'b'.repeat(300), '', '\xff', "'", '=?');

  test('is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), boundary, async (pieces, name) => {
        expectRefused(
          await rawExchange(port, post('/v1/concepts', `multipart/form-data; boundary=${name}`, pieces.join(''))),
        );
      }),
      { numRuns: Math.ceil(CASES / 6) },
    );
    await expectNothingKept();
  });

  test.each([
    ['another boundary than the header names', form(PHOTO, 'other')],
    ['no last boundary', form().replace('--boundary--\r\n', '')],
    ['a last boundary that is cut', form().replace('--boundary--\r\n', '--bound')],
    ['the boundary within the file', form(`${PHOTO}\r\n--boundary\r\n\r\n`)],
    ['no blank line before the file', form().replace('\r\n\r\n', '\r\n')],
    ['a part without a name', form().replace('name="image"; ', '')],
    ['a name that is not closed', form().replace('"image"', '"image')],
  ])('is refused with %s', async (_, body) => {
    expectRefused(await rawExchange(port, post('/v1/concepts', 'multipart/form-data; boundary=boundary', body)));
    await expectNothingKept();
  });

  test('whose boundary reads json is a form still', async () => {
    const type = 'multipart/form-data; boundary=----json';
    const [answer] = await rawExchange(port, post('/v1/concepts', type, form('no picture', '----json')));
    expect(answer?.status).toBe(415);
  });
});

describe('a body of JSON that is none, or hardly', () => {
  const utf16 = (text: string, isLittleEndian: boolean) => {
    const bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
    return (isLittleEndian ? bytes : bytes.swap16()).toString('latin1');
  };
  const unknown = '{"prompt":"a S*","concepts":[{"concept":"con_01ARZ3NDEKTSV4RRFFQ69G5FAV"}]}';
  const EVENTS = Array.from({ length: 100_000 }, () => '"generation.started"').join();
  const withField = (field: string) => unknown.replace('}]}', `}],${field}}`);

  test.each([
    ['UTF-16, little endian', utf16(unknown, true)],
    ['UTF-16, big endian', utf16(unknown, false)],
    ['a byte order mark', `\xef\xbb\xbf${unknown}`],
    ['bytes that are no UTF-8', unknown.replace('a S*', 'a S* \xff\xc0\xaf\xed\xa0\x80')],
    ['lone surrogates', withField('"metadata":{"\\ud800":"\\udfff"}')],
    ['NUL', withField('"metadata":{"\\u0000":"\\u0000"}')],
    ['__proto__', withField('"__proto__":{"steps":1},"metadata":{"__proto__":{"x":1},"constructor":{"prototype":{}}}')],
    ['a field twice', withField('"prompt":"no"')],
    [
      'numbers beyond any',
      withField('"seed":1e999,"steps":-1e999,"strength":1e-999,"width":123456789012345678901234567890'),
    ],
    ['an array 200 000 deep', withField(`"metadata":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`)],
    ['an object 50 000 deep', withField(`"metadata":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`)],
    ['100 000 concepts', `{"prompt":"a S*","concepts":[${'{"concept":"x"},'.repeat(99_999)}{"concept":"x"}]}`],
    ['an unknown field with a name of 3 MB', withField(`"${'f'.repeat(3_000_000)}":1`)],
    ['100 000 events of a webhook', withField(`"webhook":{"url":"https://x","events":[${EVENTS}]}`)],
    ['100 000 unknown fields', withField(Array.from({ length: 100_000 }, (_, i) => `"f${i}":1`).join())],
    ['nothing but an opening', '['.repeat(1_000_000)],
    ['trailing garbage', `${unknown}}`],
    ['a comment', `/* */${unknown}`],
    ['single quotes', unknown.replaceAll('"', "'")],
    ['NaN', withField('"seed":NaN')],
    ['null', 'null'],
    ['a number', '0'],
    ['text', '"text"'],
    ['white space', ' \t\r\n'],
  ])('is refused: %s', async (_, body) => {
    expectRefused(await rawExchange(port, post('/v1/generations', JSON_TYPE, body)));
    const key = `Idempotency-Key: ${crypto.randomUUID()}\r\nContent-Length: ${body.length}\r\n`;
    expectRefused(await rawExchange(port, post('/v1/generations', JSON_TYPE, body, key)));
    await expectNothingKept();
  });

  test.each([
    ...[
      'text/json',
      'application/json, application/json',
      'application/json; charset',
      'application/jsonx',
      'json',
      ',',
    ],
    ...['multipart/form-data', 'multipart/form-data; boundary=', 'application/x-www-form-urlencoded', '\xff'],
    ...['application/json;boundary=multipart/form-data', 'APPLICATION/JSON', '*/*'],
  ])('is refused as %s', async (type) => {
    expectRefused(await rawExchange(port, post('/v1/generations', type, unknown)));
    expectRefused(await rawExchange(port, post('/v1/concepts', type, unknown)));
    expectRefused(await rawExchange(port, post('/v1/concepts/import', type, unknown)));
    await expectNothingKept();
  });
});

describe('a head that is broken', () => {
  const generation = (headers: string) => {
    const body = '{"prompt":"a S*","concepts":[{"concept":"con_01ARZ3NDEKTSV4RRFFQ69G5FAV"}]}';
    return post('/v1/generations', JSON_TYPE, body, `${headers}Content-Length: ${body.length}\r\n`);
  };

  test.each([
    ['no version', () => 'GET /healthz\r\n\r\n'],
    ['HTTP/0.9', () => head('GET /healthz HTTP/0.9')],
    ['HTTP/2.0', () => head('GET /healthz HTTP/2.0')],
    ['HTTP/9.9', () => head('GET /healthz HTTP/9.9')],
    ['the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a TLS hello', () => '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
    ['binary garbage', () => '\0\x01\x02\xff\xfe\r\n\r\n'],
    ['no host', () => 'GET /healthz HTTP/1.1\r\n\r\n'],
    ['an empty host', () => 'GET /healthz HTTP/1.1\r\nHost: \r\n\r\n'],
    ['a space in the path', () => get('/v1/con cepts')],
    ['NUL in the path', () => get('/v1/\0')],
    ['bytes that are no UTF-8 in the path', () => get('/v1/\xff\xfe')],
    ['a path of 100 000 characters', () => get(`/${'a'.repeat(100_000)}`)],
    ['a header of 1 MiB', () => get('/healthz', `X-Long: ${'a'.repeat(1 << 20)}\r\n`)],
    ['a header without a colon', () => get('/healthz', 'garbage\r\n')],
    ['a header with a space before its colon', () => get('/healthz', 'X-Spaced : y\r\n')],
    ['NUL in a header', () => get('/healthz', 'X-Nul: a\0b\r\n')],
    ['a header folded over two lines', () => get('/healthz', 'X-Folded: a\r\n b\r\n')],
    ['a bare carriage return', () => get('/healthz', 'X-Split: a\rSet-Cookie: b\r\n')],
    ['two tokens', () => get('/v1/concepts', 'Authorization: Bearer another\r\n')],
    ['a negative length', () => generation('Content-Length: -1\r\n')],
    ['a length that is a word', () => generation('Content-Length: ten\r\n')],
    ['a length with a sign', () => generation('Content-Length: +80\r\n')],
    ['a length beyond 64 bits', () => generation(`Content-Length: ${'9'.repeat(30)}\r\n`)],
    ['an unknown transfer encoding', () => generation('Transfer-Encoding: gzip\r\n')],
    ['chunked misspelt', () => generation('Transfer-Encoding: xchunked\r\n')],
    ['a content encoding it does not undo', () => generation('Content-Encoding: gzip\r\n')],
    ['an expectation that nobody meets', () => generation('Expect: the-impossible\r\n')],
  ])('is refused: %s', async (_, request) => {
    expectRefused(await rawExchange(port, request()));
    await expectNothingKept();
  });

  test.each([
    ['a GET with a body', () => get('/v1/concepts', 'Content-Length: 5\r\n').concat('hello')],
    ['a GET with a chunked body', () => get('/v1/concepts', CHUNKED).concat('5\r\nhello\r\n0\r\n\r\n')],
    ['a GET with half a body', () => get('/v1/concepts', 'Content-Length: 50\r\n').concat('hello')],
    ['a DELETE with half a chunk', () => head('DELETE /v1/keys/key_x HTTP/1.1', CHUNKED).concat('50\r\nhello')],
    ['HTTP/1.0', () => head('GET /healthz HTTP/1.0')],
    ['a line feed for a line end', () => get('/healthz', 'X-A: a\nX-B: b\r\n')],
    ['another host', () => 'GET /healthz HTTP/1.1\r\nHost: other.example\r\n\r\n'],
    ['an absolute URL', () => get('http://other.example/healthz')],
    ['an upgrade', () => get('/v1/concepts', 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n')],
    ['a length beside chunks', () => generation(`${CHUNKED}`).replace(/\{.*$/, '0\r\n\r\n')],
    ['a second request in the same packet', () => get('/healthz') + get('/v1/concepts')],
    ['what expects 100-continue', () => generation('Expect: 100-continue\r\n')],
  ])('is answered soundly: %s', async (_, request) => {
    expectSound(await rawExchange(port, request()));
    await expectNothingKept();
  });

  test('a HEAD with a chunked body is answered as without', async () => {
    const [answer] = await rawExchange(
      port,
      head('HEAD /v1/concepts HTTP/1.1', CHUNKED).concat('5\r\nhello\r\n0\r\n\r\n'),
    );
    expect(answer?.status).toBe(200);
  });

  /** Answered by workerd or Miniflare, which cannot make a request of it for us; elsewhere by Cloudflare's front. */
  test.each([
    ['an unknown method', () => head('BREW /healthz HTTP/1.1')],
    ['a method in lower case', () => head('get /healthz HTTP/1.1')],
    ['CONNECT', () => head('CONNECT other.example:443 HTTP/1.1')],
    ['two hosts', () => get('/healthz', 'Host: other.example\r\n')],
    ['a host that is none', () => 'GET /healthz HTTP/1.1\r\nHost: a b[]:99999/\r\n\r\n'],
    ['an asterisk for a path', () => head('OPTIONS * HTTP/1.1')],
    ['2 000 headers', () => get('/healthz', 'X-Many: y\r\n'.repeat(2000))],
  ])('does not get as far as the Worker: %s', async (_, request) => {
    const answers = await rawExchange(port, request());
    expect(answers.filter(({ status, headers }) => status < 400 || headers.has('x-request-id'))).toEqual([]);
    await expectNothingKept();
  });
});

describe('any bytes in a path, a query, a header', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary-ascii', maxLength: 30 }),
    fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc.constantFrom('%', '%0', '%00', '%ff%fe', '%E0%A4%A', '%ED%A0%80', '%c0%ae%c0%ae/', '/../', '//', '\\', '?', '#'),
    fc.constantFrom(
      '%0d%0aX-Injected: 1',
      '\r\nX-Injected: 1',
      '<script>',
      '%25%32%35',
      '\xc3\xbc',
      '@other.example',
      ';a=b',
    ),
  );
  const nasties = fc.array(nasty, { maxLength: 4 }).map((parts) => parts.join(''));
  const path = fc.constantFrom(
    '/',
    '/v1/',
    '/v1/concepts/',
    '/v1/generations/',
    '/s/',
    '/assets/',
    '/docs/',
    '/internal/jobs/',
  );
  const query = fc.constantFrom('', '?', '?limit=', '?cursor=', '?exp=1&kid=', '?sig=', '?wait=');
  const header = fc.constantFrom(
    ...[
      'X-Request-Id',
      'traceparent',
      'Accept',
      'Prefer',
      'Range',
      'If-None-Match',
      'Last-Event-ID',
      'Origin',
      'Cookie',
    ],
    ...['Idempotency-Key', 'Access-Control-Request-Headers', 'X-Forwarded-Host', 'Content-Type', 'Accept-Encoding'],
  );

  test('get a sound answer, and none of it becomes a header of ours', async () => {
    await fc.assert(
      fc.asyncProperty(path, nasties, query, nasties, header, nasties, async (at, more, search, value, name, text) => {
        const answers = await rawExchange(port, get(`${at}${more}${search}${value}`, `${name}: ${text}\r\n`));
        expectSound(answers);
        expect(answers.filter(({ headers }) => headers.has('x-injected'))).toEqual([]);
      }),
      { numRuns: Math.ceil(CASES / 3) },
    );
    await expectNothingKept();
  });
});
