import type { Context } from 'hono';
import type { EdgeContext } from '../context.ts';
import { accountOf } from '../durable-objects/stubs.ts';
import { noLongerAuthentic } from './authenticate.ts';

/** Throws 401 once the key that a request came with, or its client token's, is deleted. */
export async function requireStillAuthentic(c: Context<EdgeContext>): Promise<void> {
  const { accountId, keyId } = c.get('principal');
  if (keyId === null || !(await accountOf(c.env, accountId).hasKey(keyId))) {
    throw noLongerAuthentic();
  }
}
