import type { Context } from 'hono';
import type { EdgeContext } from '../context.ts';
import { type ApiKeyName, hashToken, parseApiKey, sameToken } from '../credentials/api-key.ts';
import { readClientToken } from '../credentials/client-token.ts';
import { verifySignedUrl } from '../credentials/signed-url.ts';
import { accountOf } from '../durable-objects/stubs.ts';
import { ApiError } from '../errors.ts';
import { type Principal, SCOPES } from './principal.ts';
import { enforceRateLimits } from './rate-limits.ts';

/** The account behind BOOTSTRAP_API_KEY: the smallest ids there are. */
const BOOTSTRAP: ApiKeyName = { accountId: `acc_${'0'.repeat(26)}`, keyId: `key_${'0'.repeat(26)}` };

function unauthenticated(detail: string): ApiError {
  return new ApiError('unauthenticated', detail, { headers: { 'WWW-Authenticate': 'Bearer' } });
}

/** What is told whose key or client token was good when the request came, and is not any more. */
export function noLongerAuthentic(): ApiError {
  return unauthenticated('Expected a key or client token that is good for as long as the request is, got another.');
}

/** What the bearer of a deleted key is told, and of any key of a closed account. */
export function deadKey(): ApiError {
  return unauthenticated('Expected a living API key, got one that is unknown or deleted.');
}

function bearerToken(c: Context<EdgeContext>): string {
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

/** Throws 401 unless the token is the operator's. */
export async function authenticateAdmin(c: Context<EdgeContext>): Promise<void> {
  if (!(await sameToken(bearerToken(c), c.get('settings').ADMIN_TOKEN))) {
    throw unauthenticated('Expected the admin token, got something else.');
  }
}

/** Who holds the API key or client token; throws 401 when nobody does, 429 when they hold it too often. */
export async function authenticateToken(c: Context<EdgeContext>): Promise<Principal> {
  const token = bearerToken(c);
  const { BOOTSTRAP_API_KEY } = c.get('settings');
  // First, since it is any text: one in 4096 random ones begins as a client token does.
  const isBootstrap = BOOTSTRAP_API_KEY !== undefined && (await sameToken(token, BOOTSTRAP_API_KEY));
  return token.startsWith('ey') && !isBootstrap ? withClientToken(c, token) : withApiKey(c, token, isBootstrap);
}

async function withApiKey(c: Context<EdgeContext>, token: string, isBootstrap: boolean): Promise<Principal> {
  const hash = await hashToken(token);
  const name = isBootstrap ? BOOTSTRAP : parseApiKey(token);
  if (!name) {
    throw unauthenticated('Expected an API key or a client token, got neither.');
  }
  const account = accountOf(c.env, name.accountId);
  if (isBootstrap) {
    await account.open(name.accountId, { id: name.keyId, hash, name: 'bootstrap' });
  }
  const limits = await account.authenticate(name.keyId, hash, null);
  if (!limits) {
    throw deadKey();
  }
  enforceRateLimits(c, limits);
  return {
    accountId: name.accountId,
    keyId: name.keyId,
    kind: 'api_key',
    scopes: SCOPES,
    expiresAtMs: null,
    endUser: null,
    concepts: null,
  };
}

async function withClientToken(c: Context<EdgeContext>, token: string): Promise<Principal> {
  const claims = await readClientToken(token, c.get('settings').TOKEN_SIGNING_SECRET);
  if (!claims) {
    throw unauthenticated('Expected a client token of ours that has not expired, got another.');
  }
  const { account: accountId, sub: keyId, scopes, exp, end_user: endUser, concepts } = claims;
  const limits = await accountOf(c.env, accountId).authenticate(keyId, null, endUser);
  if (!limits) {
    throw unauthenticated('The API key that made this client token is deleted.');
  }
  enforceRateLimits(c, limits);
  return { accountId, keyId, kind: 'client_token', scopes, expiresAtMs: 1000 * exp, endUser, concepts };
}

/** Whom a signed URL was given to: it opens one path, and says of its bearer only whose it is. */
export async function authenticateSignedUrl(c: Context<EdgeContext>): Promise<Principal> {
  const result = await verifySignedUrl(new URL(c.req.url), c.get('settings').TOKEN_SIGNING_SECRET, Date.now());
  switch (result.verdict) {
    case 'valid':
      return {
        accountId: result.accountId,
        keyId: null,
        kind: 'signed_url',
        scopes: [],
        expiresAtMs: null,
        endUser: null,
        concepts: null,
      };
    case 'expired':
      throw new ApiError('url_expired', 'This URL has expired; get the object again for a fresh one.');
    case 'invalid':
      throw new ApiError(
        'signature_invalid',
        'Expected a URL as it stood in an answer, got one whose signature does not match.',
      );
  }
}
