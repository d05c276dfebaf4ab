import type { Context } from 'hono';
import type { EdgeContext } from '../context.ts';
import { accountOf } from '../durable-objects/stubs.ts';
import { noLongerAuthentic } from './authenticate.ts';
import { enforceHeldLimit } from './rate-limits.ts';

/** How often a request that is held open looks whether it still may be: a deleted key is dead within 10 s. */
export const RECHECK_MS = 5_000;

/** A request that is answered bit by bit, or late. */
export type HeldRequest = {
  /** Whether its key is alive, its client token not expired, and its place its own. To be asked every RECHECK_MS. */
  mayGoOn(): Promise<boolean>;
  letGo(): Promise<void>;
};

/** Takes one of the places that a key has for requests held open; throws 429 when there is none. */
export async function holdOpen(c: Context<EdgeContext>): Promise<HeldRequest> {
  const { accountId, keyId, expiresAtMs } = c.get('principal');
  if (keyId === null) {
    throw noLongerAuthentic();
  }
  const account = accountOf(c.env, accountId);
  const id = crypto.randomUUID(); // not the request's own, which its client may choose
  const { HELD_LIMIT_PER_KEY: quota } = c.get('settings');
  const held = await account.hold(keyId, id, quota);
  if (!held) {
    throw noLongerAuthentic();
  }
  enforceHeldLimit(c, held);
  return {
    async mayGoOn() {
      const stillHeld = await account.hold(keyId, id, quota);
      const hasExpired = expiresAtMs !== null && expiresAtMs <= Date.now();
      return stillHeld !== null && !stillHeld.isOver && !hasExpired;
    },
    letGo: () => account.letGo(keyId, id),
  };
}
