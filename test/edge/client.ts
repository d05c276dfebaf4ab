import { env, exports } from 'cloudflare:workers';
import { expect } from 'vitest';
import { hashToken, newApiKey } from '../../edge/credentials/api-key.ts';
import { accountOf } from '../../edge/durable-objects/stubs.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { ERROR_CODES } from '../../shared/error-codes.ts';
import { newId } from '../../shared/ids.ts';
import { CURRENT_MODEL_KEY } from '../../shared/object-keys.ts';
import { problemSchema } from '../../shared/problem.ts';
import { testModel } from '../shared/test-model.ts';
import { png } from './pictures.ts';
import { doJob } from './scripted-worker.ts';

export const ORIGIN = 'https://edge.test';

export type Answer = { readonly status: number; readonly headers: Headers; readonly body: never };

export type Client = {
  readonly accountId: string;
  readonly keyId: string;
  readonly token: string;
  send(method: string, path: string, init?: RequestInit): Promise<Response>;
  get(path: string, headers?: HeadersInit): Promise<Response>;
  post(path: string, body?: unknown, headers?: HeadersInit): Promise<Response>;
};

/** A request through the Worker's front door. */
export async function request(path: string, init?: RequestInit): Promise<Response> {
  return exports.default.fetch(new Request(new URL(path, ORIGIN), init));
}

export function clientWith(token: string, accountId = '', keyId = ''): Client {
  async function send(method: string, path: string, init: RequestInit = {}) {
    const headers = new Headers(init.headers);
    headers.set('Authorization', `Bearer ${token}`);
    return request(path, { ...init, method, headers });
  }
  return {
    accountId,
    keyId,
    token,
    send,
    get: (path, headers = {}) => send('GET', path, { headers }),
    post: (path, body, headers = {}) =>
      body instanceof FormData
        ? send('POST', path, { body, headers })
        : send('POST', path, {
            ...(body !== undefined && { body: JSON.stringify(body) }),
            headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
          }),
  };
}

/** A new account's API key at work. */
export async function newClient(): Promise<Client> {
  const accountId = newId('account', Date.now());
  const key = newApiKey(accountId, Date.now());
  await accountOf(env, accountId).open(accountId, { id: key.id, hash: await hashToken(key.secret), name: null });
  return clientWith(key.secret, accountId, key.id);
}

export async function announceModel(model = testModel): Promise<void> {
  await env.BUCKET.put(CURRENT_MODEL_KEY, JSON.stringify(model));
}

/** Expects a problem of the closed table, whole and with the status of its code. */
export async function expectProblem(response: Response, code: ErrorCode, pointers?: readonly string[]): Promise<void> {
  const problem = problemSchema.parse(await response.json());
  expect(problem).toMatchObject({ code, status: ERROR_CODES[code].status, title: ERROR_CODES[code].title });
  expect(response.status).toBe(problem.status);
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  expect(response.headers.get('X-Request-Id')).toBe(problem.request_id);
  if (pointers) {
    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(pointers);
  }
}

export function photoForm(
  photo: Uint8Array<ArrayBuffer>,
  fields: Readonly<Record<string, string | Blob>> = {},
): FormData {
  const form = new FormData();
  form.set('image', new File([photo], 'photo'));
  for (const [name, value] of Object.entries(fields)) {
    form.set(name, value);
  }
  return form;
}

/** The id of a concept that has been encoded. */
export async function readyConcept(client: Client, fields: Readonly<Record<string, string>> = {}): Promise<string> {
  const { id } = await (await client.post('/v1/concepts', photoForm(png(), fields))).json<{ id: string }>();
  await doJob(client.accountId, id);
  return id;
}
