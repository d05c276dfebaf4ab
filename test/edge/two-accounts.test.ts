import { createExecutionContext, env, waitOnExecutionContext } from 'cloudflare:test';
import { beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../edge/app.ts';
import type { EdgeEnv } from '../../edge/env.ts';
import { newId } from '../../shared/ids.ts';
import { announceModel, type Client, newClient, ORIGIN, readyConcept } from './client.ts';
import { BODIES, declaredOperations, nameOf, scopeOf } from './operations.ts';
import { doJob } from './scripted-worker.ts';

/**
 * One account's objects, tried by another on every route, are no more there than objects that never were: not even by
 * what is looked up.
 */

let owner: Client;
let stranger: Client;
const ids: Record<string, string> = {};

beforeAll(async () => {
  await announceModel();
  owner = await newClient();
  stranger = await newClient();
  ids.concepts = await readyConcept(owner);
  const body = { prompt: 'a S*', concepts: [{ concept: ids.concepts }] };
  ids.generations = (await (await owner.post('/v1/generations', body)).json<{ id: string }>()).id;
  await doJob(owner.accountId, ids.generations);
});

const operations = declaredOperations().filter((operation) => scopeOf(operation) && operation.path.includes('{id}'));

/** Writes down every method called on an object and on what it returns by name. */
function recorded<T extends object>(name: string, object: T, calls: string[]): T {
  return new Proxy(object, {
    get(target, property) {
      const value = Reflect.get(target, property);
      if (typeof value !== 'function') {
        return value;
      }
      return (...args: unknown[]) => {
        calls.push(`${name}.${String(property)}`);
        const result = Reflect.apply(value, target, args); // a stub's own `apply` would be a call to the other side
        return property === 'getByName' ? recorded(name, result, calls) : result;
      };
    },
  });
}

/** What a request made the Worker ask of its storage, in order. */
async function storageCalls(path: string, init: { method: string; body: string | undefined }): Promise<string[]> {
  const calls: string[] = [];
  const { BUCKET, ACCOUNT, JOB } = env;
  const watched: EdgeEnv = {
    ...env,
    BUCKET: recorded('BUCKET', BUCKET, calls),
    ACCOUNT: recorded('ACCOUNT', ACCOUNT, calls),
    JOB: recorded('JOB', JOB, calls),
  };
  const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${stranger.token}` };
  const context = createExecutionContext();
  const response = await createApp().fetch(
    new Request(`${ORIGIN}${path}`, { method: init.method, ...(init.body && { body: init.body }), headers }),
    watched,
    context,
  );
  await waitOnExecutionContext(context);
  expect(response.status).toBe(404);
  return calls;
}

describe.each(operations.map((operation) => [nameOf(operation), operation] as const))('%s', (name, operation) => {
  test('looks up the same for a foreign id as for an unknown one', async () => {
    const { method, path } = operation;
    const kind = path.split('/')[2] as 'concepts' | 'generations';
    const unknown = newId(kind === 'concepts' ? 'concept' : 'generation', Date.now());
    const body = name in BODIES ? JSON.stringify(BODIES[name]) : undefined;
    const share = newId('share', Date.now());
    const attempt = (id: string) =>
      storageCalls(path.replace('{id}', id).replace('{n}', '0').replace('{share}', share), { method, body });
    const calls = await attempt(ids[kind]!);
    expect(calls).toContain('ACCOUNT.authenticate');
    expect(calls).toEqual(await attempt(unknown));
  });
});
