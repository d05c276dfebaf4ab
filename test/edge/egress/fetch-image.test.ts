import { describe, expect, test } from 'vitest';
import { fetchImage } from '../../../edge/egress/fetch-image.ts';
import type { ErrorCode } from '../../../shared/error-codes.ts';
import { png } from '../pictures.ts';

const photo = png();

/** An internet of a few hosts: what each URL answers, and where each name leads. */
const ANSWERS: Readonly<Record<string, () => Response | Promise<Response>>> = {
  'https://photos.test/a.png': () => new Response(photo),
  'https://photos.test/once': () => redirect('/a.png'),
  'https://photos.test/hop/3': () => redirect('https://photos.test/hop/2'),
  'https://photos.test/hop/2': () => redirect('hop/1'),
  'https://photos.test/hop/hop/1': () => redirect('https://photos.test/a.png'),
  'https://photos.test/hop/4': () => redirect('https://photos.test/hop/3'),
  'https://photos.test/to-private': () => redirect('https://10.0.0.1/a.png'),
  'https://photos.test/to-rebound': () => redirect('https://rebound.test/a.png'),
  'https://photos.test/to-http': () => redirect('http://photos.test/a.png'),
  'https://photos.test/to-nowhere': () => redirect('https://'),
  'https://photos.test/gone': () => new Response('gone', { status: 404 }),
  'https://photos.test/endless': () => new Response(endless()),
  'https://photos.test/broken': () => new Response(breaking()),
  'https://photos.test/down': () => Promise.reject(new TypeError('connection refused')),
};

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'photos.test': ['93.184.215.14'],
  'rebound.test': ['93.184.215.14', '169.254.169.254'],
};

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { Location: location } });
}

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)) });
}

function breaking(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.error(new Error('connection reset')) });
}

const asked: string[] = [];

function fetched(url: string): Promise<Uint8Array> {
  return fetchImage(url, 'image', {
    fetch: async (input) => {
      asked.push(String(input));
      return ANSWERS[String(input)]!();
    },
    rules: {
      ownOrigins: ['https://edge.test'],
      allowLoopback: true,
      resolveHost: async (host) => {
        if (!(host in NAMES)) {
          throw new Error('no answer');
        }
        return NAMES[host]!;
      },
    },
  });
}

async function refusal(url: string): Promise<{ code: ErrorCode; pointer: string | undefined }> {
  return fetched(url).then(
    () => expect.fail(`${url} was fetched`),
    ({ code, errors }) => ({ code, pointer: errors?.[0]?.pointer }),
  );
}

describe('fetchImage', () => {
  test.each(['https://photos.test/a.png', 'https://photos.test/once', 'https://photos.test/hop/3'])(
    'gets a picture, over up to three redirects: %s',
    async (url) => {
      expect(await fetched(url)).toEqual(photo);
    },
  );

  test.each([
    ['https://photos.test/hop/4', 'fetch_failed'],
    ['https://photos.test/gone', 'fetch_failed'],
    ['https://photos.test/broken', 'fetch_failed'],
    ['https://photos.test/down', 'fetch_failed'],
    ['https://unknown.test/a.png', 'fetch_failed'],
    ['https://photos.test/to-private', 'validation_failed'],
    ['https://photos.test/to-rebound', 'validation_failed'],
    ['https://photos.test/to-http', 'validation_failed'],
    ['https://photos.test/to-nowhere', 'validation_failed'],
    ['http://photos.test/a.png', 'validation_failed'],
    ['http://127.0.0.1/a.png', 'validation_failed'],
    ['https://edge.test/v1/models', 'validation_failed'],
  ])('refuses %s with %s', async (url, code) => {
    expect(await refusal(url)).toEqual({ code, pointer: '#/image/url' });
  });

  test('stops reading at the most a picture may have', async () => {
    expect((await refusal('https://photos.test/endless')).code).toBe('payload_too_large');
  });

  test('never asked a host that it refuses', () => {
    expect(asked.filter((url) => !url.startsWith('https://photos.test/'))).toEqual([]);
  });
});
