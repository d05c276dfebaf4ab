import { env, runInDurableObject } from 'cloudflare:test';
import { expect, test } from 'vitest';
import type { Share } from '../../edge/durable-objects/share.ts';
import { newId } from '../../shared/ids.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

/** A share under a clock of its own, asked without the way through the API. */
async function newShare({ maxUses = 1, expiresAtMs = null }: { maxUses?: number; expiresAtMs?: number | null } = {}) {
  const stub = env.SHARE.getByName(crypto.randomUUID());

  function at<T>(nowMs: number, ask: (share: Share) => Promise<T>): Promise<T> {
    return runInDurableObject(stub, (share) => {
      share.now = () => nowMs;
      return ask(share);
    });
  }

  const terms = {
    id: newId('share', NOW_MS),
    accountId: newId('account', NOW_MS),
    conceptId: newId('concept', NOW_MS),
    rights: 'use',
    expiresAtMs,
    maxUses,
    createdAtMs: NOW_MS,
  } as const;
  await at(NOW_MS, (share) => share.open(terms));
  return { stub, terms, at };
}

test('a use that is reserved and never confirmed lapses after ten minutes', async () => {
  const { at } = await newShare();
  expect(await at(NOW_MS, (share) => share.reserve('a'))).toBe('counted');
  expect(await at(NOW_MS + 599_999, (share) => share.reserve('b'))).toBe('used_up');
  expect(await at(NOW_MS + 600_000, (share) => share.uses())).toBe(0);
  expect(await at(NOW_MS + 600_000, (share) => share.reserve('b'))).toBe('counted');
  expect(await at(NOW_MS + 600_000, (share) => share.confirm('a'))).toBe('used_up');
});

test('a use that is confirmed stays, however often it is said, beyond expiry', async () => {
  const { at } = await newShare({ expiresAtMs: NOW_MS + 1000 });
  await at(NOW_MS, (share) => share.reserve('a'));
  await at(NOW_MS, (share) => share.confirm('a'));
  await at(NOW_MS, (share) => share.reserve('a'));
  const laterMs = NOW_MS + 86_400_000;
  expect(await at(laterMs, (share) => share.confirm('a'))).toBe('counted');
  expect(await at(laterMs, (share) => share.uses())).toBe(1);
  expect(await at(laterMs, (share) => share.reserve('b'))).toBe('expired');
  expect(await at(laterMs, (share) => share.standing())).toEqual({ standing: 'expired' });
});

test('a use is given back once, and then there is room for another', async () => {
  const { at } = await newShare();
  await at(NOW_MS, (share) => share.confirm('a'));
  await at(NOW_MS, (share) => share.giveBack('a'));
  await at(NOW_MS, (share) => share.giveBack('a'));
  expect(await at(NOW_MS, (share) => share.reserve('b'))).toBe('counted');
  expect(await at(NOW_MS, (share) => share.reserve('c'))).toBe('used_up');
});

test('a revoked share counts nothing, not even what was confirmed, and forgets whose it was', async () => {
  const { stub, terms, at } = await newShare();
  await at(NOW_MS, (share) => share.confirm('a'));
  await at(NOW_MS, (share) => share.revoke());
  await at(NOW_MS, (share) => share.revoke());
  expect(await at(NOW_MS, (share) => share.confirm('a'))).toBe('revoked');
  expect(await at(NOW_MS, (share) => share.standing())).toEqual({ standing: 'revoked' });
  await at(NOW_MS, (share) => share.giveBack('a'));
  const stored = await runInDurableObject(stub, (_, { storage }) => JSON.stringify([...storage.kv.list()]));
  expect(stored).not.toContain(terms.accountId);
});

test('asking for a share that never was stores nothing', async () => {
  const stub = env.SHARE.getByName(crypto.randomUUID());
  expect(await stub.standing()).toEqual({ standing: 'unknown' });
  expect(await stub.reserve('a')).toBe('unknown');
  const stored = await runInDurableObject(stub, (_, { storage }) => [...storage.kv.list()]);
  expect(stored).toEqual([]);
});
