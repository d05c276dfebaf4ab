import { createExecutionContext, env, runInDurableObject, waitOnExecutionContext } from 'cloudflare:test';
import { beforeAll, expect, test } from 'vitest';
import { createApp } from '../../edge/app.ts';
import { shareNameOf } from '../../edge/credentials/share-token.ts';
import type { EdgeEnv } from '../../edge/env.ts';
import { clientNetworkOf } from '../../edge/middleware/limit-by-address.ts';
import { announceModel, type Client, expectProblem, newClient, readyConcept } from './client.ts';

const QUOTA = 3;

let owner: Client;
let concept: string;

beforeAll(async () => {
  await announceModel();
  owner = await newClient();
  concept = await readyConcept(owner);
});

async function newShareUrl(): Promise<string> {
  const { url } = await (await owner.post(`/v1/concepts/${concept}/shares`, {})).json<{ url: string }>();
  return url;
}

/** A request as Cloudflare passes it on, to a Worker whose limit is low. */
async function from(address: string | null, url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json', ...init.headers });
  if (address !== null) {
    headers.set('CF-Connecting-IP', address);
  }
  const context = createExecutionContext();
  const limited: EdgeEnv = { ...env, RATE_LIMIT_PER_ADDRESS: String(QUOTA) };
  const response = await createApp().fetch(new Request(url, { ...init, headers }), limited, context);
  await waitOnExecutionContext(context);
  return response;
}

async function useUp(address: string | null, url: string): Promise<void> {
  for (let left = QUOTA - 1; left >= 0; left -= 1) {
    const response = await from(address, url);
    expect(response.status).toBe(200);
    expect(response.headers.get('RateLimit')).toMatch(new RegExp(`^"address";r=${left};t=\\d+$`));
  }
}

const report = {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ reason: 'other' }),
};

test('whatever is behind a share’s URL counts against one limit of the client’s address, and says what is left', async () => {
  const url = await newShareUrl();
  await useUp('203.0.113.7', url);
  for (const [path, init] of [
    ['', {}],
    ['/sample', {}],
    ['/embedding', {}],
    ['/reports', report],
  ] as const) {
    const response = await from('203.0.113.7', `${url}${path}`, init);
    expect(response.headers.get('RateLimit-Policy')).toBe(`"address";q=${QUOTA};w=60`);
    expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(response.headers.get('Cache-Control')).toContain('no-store');
    await expectProblem(response, 'rate_limited');
  }
});

test('another address, and another share, have limits of their own', async () => {
  const [url, other] = [await newShareUrl(), await newShareUrl()];
  await useUp('203.0.113.7', url);
  expect((await from('203.0.113.8', url)).status).toBe(200);
  expect((await from('203.0.113.7', other)).status).toBe(200);
  await expectProblem(await from('203.0.113.7', url), 'rate_limited');
});

test('the limit is new after its minute', async () => {
  const url = await newShareUrl();
  await useUp('203.0.113.7', url);
  await runInDurableObject(env.SHARE.getByName(await shareNameOf(url.slice(-43))), (share) => {
    share.now = () => Date.now() + 60_000;
  });
  expect((await from('203.0.113.7', url)).status).toBe(200);
});

test('clients whose address nobody tells share one limit', async () => {
  const url = await newShareUrl();
  await useUp(null, url);
  await expectProblem(await from('no address', url), 'rate_limited');
});

test('a token that never was is counted too, and leaves nothing behind', async () => {
  const token = 'B'.repeat(43);
  for (let count = 0; count < QUOTA; count += 1) {
    await expectProblem(await from('203.0.113.7', `https://edge.test/s/${token}`), 'not_found');
  }
  await expectProblem(await from('203.0.113.7', `https://edge.test/s/${token}`), 'rate_limited');
  await runInDurableObject(env.SHARE.getByName(await shareNameOf(token)), (_, { storage }) => {
    expect([...storage.kv.list()]).toEqual([]);
  });
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
  ['2001:db8:1:2::9', '2001:db8:1:2::'],
  ['2001:db8:1:3::9', '2001:db8:1:3::'],
  ['somewhere', 'unknown'],
  [undefined, 'unknown'],
])('the address %s is counted as %s', (address, network) => {
  expect(clientNetworkOf(address)).toBe(network);
});
