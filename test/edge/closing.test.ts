import { createExecutionContext, env, runInDurableObject, waitOnExecutionContext } from 'cloudflare:test';
import { beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../edge/app.ts';
import { accountOf } from '../../edge/durable-objects/stubs.ts';
import type { EdgeEnv } from '../../edge/env.ts';
import { newId } from '../../shared/ids.ts';
import { announceModel, type Client, expectProblem, newClient, ORIGIN, photoForm, readyConcept } from './client.ts';
import { png } from './pictures.ts';
import { testConceptFile } from './scripted-worker.ts';

beforeAll(() => announceModel());

/** The bindings of a Worker for which an account closes just before it is asked, or the bucket is, to do `method`. */
function closingBefore(method: string, accountId: string): EdgeEnv {
  async function before(name: string | symbol): Promise<void> {
    if (name === method) {
      await accountOf(env, accountId).close();
    }
  }
  function hooked(target: object): object {
    return new Proxy(target, {
      get:
        (_, name) =>
        async (...args: unknown[]) => {
          await before(name);
          return (target as Record<string | symbol, (...args: unknown[]) => unknown>)[name]!(...args);
        },
    });
  }
  const getByName = (id: string) => hooked(accountOf(env, id));
  return {
    ...env,
    ACCOUNT: { getByName } as unknown as EdgeEnv['ACCOUNT'],
    BUCKET: hooked(env.BUCKET) as EdgeEnv['BUCKET'],
  };
}

type Sent = { readonly path: string; readonly body: BodyInit; readonly contentType?: string };

async function answerOf(bindings: EdgeEnv, client: Client, { path, body, contentType }: Sent): Promise<Response> {
  const headers = new Headers({ Authorization: `Bearer ${client.token}`, 'Idempotency-Key': 'once' });
  if (contentType) {
    headers.set('Content-Type', contentType);
  }
  const context = createExecutionContext();
  const request = new Request(`${ORIGIN}${path}`, { method: 'POST', headers, body });
  const response = await createApp().fetch(request, bindings, context);
  await waitOnExecutionContext(context);
  return response;
}

function json(path: string, body: object): Sent {
  return { path, body: JSON.stringify(body), contentType: 'application/json' };
}

type Owned = { readonly concept: string; readonly shareUrl: string };

const creates: readonly (readonly [string, string, (owned: Owned) => Sent])[] = [
  ['a concept', 'beginRequest', () => ({ path: '/v1/concepts', body: photoForm(png()) })],
  ['a concept', 'findConcept', () => ({ path: '/v1/concepts', body: photoForm(png()) })],
  ['a concept', 'createConcept', () => ({ path: '/v1/concepts', body: photoForm(png()) })],
  [
    'a generation',
    'createGeneration',
    ({ concept }) => json('/v1/generations', { prompt: 'a S*', concepts: [{ concept }] }),
  ],
  [
    'a generation with a share',
    'createGeneration',
    ({ shareUrl }) => json('/v1/generations', { prompt: 'a S*', concepts: [{ concept: shareUrl }] }),
  ],
  ['a share', 'createShare', ({ concept }) => json(`/v1/concepts/${concept}/shares`, {})],
  ['an import', 'put', () => imported()],
  ['an import', 'importConcept', () => imported()],
  ['a copy', 'put', ({ shareUrl }) => json('/v1/concepts/import', { share_url: shareUrl })],
  ['an upload', 'hasKey', () => json('/v1/uploads', { content_type: 'image/png', size: 9 })],
  ['a key', 'createKey', () => json('/v1/keys', {})],
];

function imported(): Sent {
  return { path: '/v1/concepts/import', body: testConceptFile(), contentType: 'application/octet-stream' };
}

async function storedKeys(accountId: string): Promise<string[]> {
  const prefixes = [`accounts/${accountId}/`, `uploads/${accountId}/`];
  const lists = await Promise.all(prefixes.map((prefix) => env.BUCKET.list({ prefix })));
  return lists.flatMap(({ objects }) => objects.map(({ key }) => key));
}

describe('an account that closes while it is asked to make', () => {
  test.each(creates)('%s, before %s, answers as one that is closed and keeps nothing', async (_, method, sentBy) => {
    const [client, other] = [await newClient(), await newClient()];
    const [concept, foreign] = [await readyConcept(client), await readyConcept(other)];
    const share = await other.post(`/v1/concepts/${foreign}/shares`, { rights: 'copy' });
    const { url: shareUrl } = await share.json<{ url: string }>();

    const bindings = closingBefore(method, client.accountId);
    const response = await answerOf(bindings, client, sentBy({ concept, shareUrl }));
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer');
    await expectProblem(response, 'unauthenticated');

    expect(await storedKeys(client.accountId)).toEqual([]);
    await runInDurableObject(env.ACCOUNT.getByName(client.accountId), (_instance, { storage }) => {
      for (const table of ['key', 'concept', 'generation', 'sample', 'share']) {
        expect(storage.sql.exec(`SELECT id FROM ${table}`).toArray(), table).toEqual([]);
      }
    });
    const { data } = await (await other.get(`/v1/concepts/${foreign}/shares`)).json<{ data: object[] }>();
    expect(data).toMatchObject([{ uses: 0 }]);
  });

  test('anything, and is gone, answers so too', async () => {
    const nobody = accountOf(env, newId('account', Date.now()));
    expect(await nobody.beginRequest('key', 'fingerprint')).toEqual({ state: 'closed' });
    await nobody.endRequest('key', null);
    expect(await nobody.createKey({ id: newId('key', 1), hash: new ArrayBuffer(32), name: null })).toBeNull();
    expect(await nobody.findConcept('hash')).toBeNull();
  });
});
