import type { Context } from 'hono';
import type { EdgeContext } from '../context.ts';
import { hashToken, parseApiKey, sameToken } from '../credentials/api-key.ts';
import { accountOf } from '../durable-objects/stubs.ts';
import { ApiError } from '../errors.ts';
import type { Principal } from './principal.ts';

/** The account behind BOOTSTRAP_API_KEY: the smallest ids there are. */
const BOOTSTRAP = { accountId: `acc_${'0'.repeat(26)}`, keyId: `key_${'0'.repeat(26)}` };

function unauthenticated(detail: string): ApiError {
  return new ApiError('unauthenticated', detail, { headers: { 'WWW-Authenticate': 'Bearer' } });
}

export function bearerToken(c: Context<EdgeContext>): string {
  const header = c.req.header('Authorization');
  if (!header) {
    throw unauthenticated('Expected the header Authorization: Bearer <token>, got none.');
  }
  const token = /^Bearer +([\x21-\x7e]{1,4096})$/i.exec(header)?.[1];
  if (!token) {
    throw unauthenticated('Expected the header Authorization: Bearer <token>, got another form.');
  }
  return token;
}

/** Who holds the token; throws 401 when nobody does. */
export async function authenticate(c: Context<EdgeContext>): Promise<Principal> {
  const token = bearerToken(c);
  const { BOOTSTRAP_API_KEY } = c.get('settings');
  if (BOOTSTRAP_API_KEY && (await sameToken(token, BOOTSTRAP_API_KEY))) {
    await accountOf(c.env, BOOTSTRAP.accountId).open({ id: BOOTSTRAP.keyId, hash: await hashToken(token) });
    return BOOTSTRAP;
  }
  const name = parseApiKey(token);
  if (!name || !(await accountOf(c.env, name.accountId).authenticate(name.keyId, await hashToken(token)))) {
    throw unauthenticated('Expected a living API key, got something else.');
  }
  return name;
}
