import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, test } from 'vitest';
import { signClientToken } from '../../edge/credentials/client-token.ts';
import { SCOPES, type Scope } from '../../edge/middleware/principal.ts';
import { newId } from '../../shared/ids.ts';
import { announceModel, type Client, clientWith, expectProblem, newClient, request } from './client.ts';
import { oneOfEach, type PathObjects, pathWith } from './one-of-each.ts';
import { allows, appRoutes, BODIES, declaredOperations, nameOf, type Operation, scopeOf } from './operations.ts';

/**
 * Every operation of the API goes through this. A route is found here by itself; one that is not declared by
 * `operation`, or whose path has a parameter that no object of ours fills, fails.
 */

const operations = declaredOperations();
const guarded = operations.filter(({ security }) => security.length > 0);
const forAccounts = guarded.filter((operation) => allows(operation, 'apiKey'));
const scoped = operations.filter((operation) => scopeOf(operation) !== undefined);
const ofOneObject = forAccounts.filter(({ path }) => path.includes('{'));

let owner: Client;
let stranger: Client;
let objects: PathObjects;

beforeAll(async () => {
  await announceModel();
  owner = await newClient();
  stranger = await newClient();
  objects = await oneOfEach(owner);
});

function pathOf({ path }: Operation): string {
  return pathWith(objects, path);
}

async function send(client: Client, operation: Operation): Promise<Response> {
  const body = BODIES[nameOf(operation)];
  return client.send(operation.method, pathOf(operation), {
    ...(body !== undefined && { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
  });
}

function clientToken(
  changes: { scopes?: Scope[]; expiresAtMs?: number; concepts?: string[]; secret?: string; keyId?: string } = {},
) {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return signClientToken(
    {
      sub: changes.keyId ?? owner.keyId,
      account: owner.accountId,
      scopes: changes.scopes ?? [...SCOPES],
      end_user: null,
      concepts: changes.concepts ?? null,
      iat: nowSeconds - 3600,
      exp: Math.floor((changes.expiresAtMs ?? Date.now() + 60_000) / 1000),
    },
    changes.secret ?? env.TOKEN_SIGNING_SECRET,
  );
}

/** What is for people, open to anyone and no operation of the API. */
const PAGES: ReadonlySet<string> = new Set(['/', '/docs', '/docs/errors', '/openapi.json']);

test('every route of the API is declared by `operation`', () => {
  const declared = new Set(operations.map(nameOf));
  const undeclared = appRoutes().filter(
    (route) => !declared.has(nameOf(route)) && !route.path.startsWith('/internal/') && !PAGES.has(route.path),
  );
  expect(undeclared).toEqual([]);
});

test('only these operations are open to anyone', () => {
  expect(operations.filter(({ security }) => security.length === 0).map(nameOf)).toEqual([
    'GET /s/{token}',
    'GET /s/{token}/sample',
    'GET /s/{token}/embedding',
    'POST /s/{token}/reports',
    'GET /v1/models',
    'GET /healthz',
  ]);
});

describe.each(guarded.map((operation) => [nameOf(operation), operation] as const))('%s', (_, operation) => {
  test('is closed without credentials', async () => {
    const response = await request(pathOf(operation), { method: operation.method });
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer');
    await expectProblem(response, 'unauthenticated');
  });

  test.each([
    ['another scheme', async () => ['Basic', btoa('user:password')]],
    ['an empty token', async () => ['Bearer', '']],
    ['garbage', async () => ['Bearer', 'garbage']],
    ['a key of the right form that never was', async () => ['Bearer', `${owner.token.slice(0, -43)}${'A'.repeat(43)}`]],
    [
      'a key of an account that never was',
      async () => ['Bearer', owner.token.replace(/^ek_.{26}/, `ek_${newId('account', 1).slice(4)}`)],
    ],
    ['an expired client token', async () => ['Bearer', await clientToken({ expiresAtMs: Date.now() - 1000 })]],
    ['a client token under another secret', async () => ['Bearer', await clientToken({ secret: 'another secret' })]],
    [
      'an unsigned client token',
      async () => ['Bearer', (await clientToken()).replace(/^[^.]+/, btoa('{"alg":"none","typ":"JWT"}'))],
    ],
    ['a client token of a key that never was', async () => ['Bearer', await clientToken({ keyId: newId('key', 1) })]],
  ])('is closed to %s', async (_kind, credentials) => {
    const Authorization = (await credentials()).join(' ');
    await expectProblem(
      await request(pathOf(operation), { method: operation.method, headers: { Authorization } }),
      'unauthenticated',
    );
  });
});

describe.each(forAccounts.map((operation) => [nameOf(operation), operation] as const))('%s', (_, operation) => {
  test('is closed to a deleted key and to its client tokens', async () => {
    const { id, secret } = await (await owner.post('/v1/keys', {})).json<{ id: string; secret: string }>();
    const token = await clientToken({ keyId: id });
    await owner.send('DELETE', `/v1/keys/${id}`);
    await expectProblem(await send(clientWith(secret), operation), 'unauthenticated');
    await expectProblem(await send(clientWith(token), operation), 'unauthenticated');
  });

  test('needs the right scope of a client token', async () => {
    const needed = scopeOf(operation);
    const token = await clientToken({ scopes: SCOPES.filter((scope) => scope !== needed) });
    await expectProblem(await send(clientWith(token), operation), 'insufficient_scope');
  });
});

describe.each(scoped.map((operation) => [nameOf(operation), operation] as const))('%s', (_, operation) => {
  test('is open to a client token with just its scope', async () => {
    const token = await clientToken({ scopes: [scopeOf(operation)!] });
    const { status } = await send(clientWith(token), operation);
    expect([401, 403]).not.toContain(status);
  });
});

describe.each(ofOneObject.map((operation) => [nameOf(operation), operation] as const))('%s', (_, operation) => {
  test('is not there for another account', async () => {
    await expectProblem(await send(stranger, operation), 'not_found');
  });

  test('is not there for a client token limited to other concepts', async () => {
    if (scopeOf(operation)) {
      const token = await clientToken({ concepts: [newId('concept', 1)] });
      await expectProblem(await send(clientWith(token), operation), 'not_found');
    }
  });
});

describe.each(
  guarded
    .filter((operation) => allows(operation, 'adminToken'))
    .map((operation) => [nameOf(operation), operation] as const),
)('%s', (_, operation) => {
  test('is closed to an account’s own key', async () => {
    await expectProblem(await send(owner, operation), 'unauthenticated');
  });
});
