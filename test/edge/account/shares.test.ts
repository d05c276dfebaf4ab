import { env } from 'cloudflare:test';
import { expect, test } from 'vitest';
import type { AccountParts } from '../../../edge/durable-objects/account/account-parts.ts';
import { closeAccount } from '../../../edge/durable-objects/account/close-account.ts';
import { deleteConcept, importConcept } from '../../../edge/durable-objects/account/concepts.ts';
import type { ShareRecord } from '../../../edge/durable-objects/account/share-table.ts';
import { createShare } from '../../../edge/durable-objects/account/shares.ts';
import type { ShareTerms } from '../../../edge/durable-objects/share/share-terms.ts';
import { shareOf } from '../../../edge/durable-objects/stubs.ts';
import { newId } from '../../../shared/ids.ts';
import { conceptRecord, type InAccount, inAccount } from './in-account.ts';

const OPTIONS = { sample: null, idempotencyKey: null };

/** Works with a share that is yet to be made; `beforeOpening` happens whenever its object is about to open. */
async function withShare(
  work: (share: ShareRecord, account: InAccount) => Promise<void>,
  beforeOpening: (parts: AccountParts, conceptId: string) => Promise<void> = async () => {},
): Promise<ShareRecord> {
  const concept = conceptRecord({ status: 'ready' });
  const name = crypto.randomUUID();
  const objectIn = (account: InAccount) => ({
    open: async (terms: ShareTerms) => {
      await beforeOpening(account.parts, concept.id);
      await shareOf(env, name).open(terms);
    },
    revoke: () => shareOf(env, name).revoke(),
  });
  let share: ShareRecord | undefined;
  await inAccount(
    (account) => ({ SHARE: { getByName: () => objectIn(account) } }),
    async (account) => {
      const terms: ShareTerms = {
        id: newId('share', Date.now()),
        accountId: account.accountId,
        conceptId: concept.id,
        rights: 'use',
        expiresAtMs: null,
        maxUses: null,
        createdAtMs: Date.now(),
      };
      share = { name, terms };
      await importConcept(account.parts, concept, { share: null, idempotencyKey: null });
      await work(share, account);
    },
  );
  return share!;
}

async function standingOf({ name }: ShareRecord): Promise<string> {
  return (await shareOf(env, name).standing()).standing;
}

test('a share is open when it is made', async () => {
  const share = await withShare(async (made, { parts }) => {
    expect(await createShare(parts, made, OPTIONS)).toBe(true);
  });
  expect(await standingOf(share)).toBe('alive');
});

test('a share of a concept that is deleted already is not made, and leaves nothing behind', async () => {
  const share = await withShare(async (made, { parts }) => {
    deleteConcept(parts, made.terms.conceptId);
    expect(await createShare(parts, made, OPTIONS)).toBe(false);
  });
  expect(await standingOf(share)).toBe('unknown');
});

test.each([
  ['its concept is deleted', async (parts: AccountParts, conceptId: string) => deleteConcept(parts, conceptId)],
  ['its account is closed', async (parts: AccountParts) => closeAccount(parts)],
])('a share does not live when %s just as it opens', async (_, end) => {
  const share = await withShare(
    async (made, { parts }) => {
      await createShare(parts, made, OPTIONS);
    },
    async (parts, conceptId) => {
      await end(parts, conceptId);
      await parts.tasks.runDue(); // what ends the share has come and gone
    },
  );
  expect(await standingOf(share)).toBe('revoked');
});

test('a share whose object could not be reached opens a little later', async () => {
  const share = await withShare(
    async (made, { parts, after }) => {
      expect(await createShare(parts, made, OPTIONS)).toBe(true);
      expect(await standingOf(made)).toBe('unknown');
      await after(2000).tasks.runDue();
    },
    async () => {
      throw new Error('the object cannot be reached');
    },
  );
  expect(await standingOf(share)).toBe('alive');
});
