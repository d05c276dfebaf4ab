import type { Context } from 'hono';
import type { EdgeContext } from '../context.ts';
import { accountOf } from '../durable-objects/stubs.ts';
import { deadKey } from './authenticate.ts';

/** Whether the key that a request came with, or its client token's, is still alive. */
export async function isStillAuthentic(c: Context<EdgeContext>): Promise<boolean> {
  const { accountId, keyId } = c.get('principal');
  return keyId !== null && accountOf(c.env, accountId).hasKey(keyId);
}

/** Throws 401 once it is not. */
export async function requireStillAuthentic(c: Context<EdgeContext>): Promise<void> {
  if (!(await isStillAuthentic(c))) {
    throw deadKey();
  }
}
