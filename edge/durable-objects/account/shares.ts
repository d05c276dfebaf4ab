import { shareOf } from '../stubs.ts';
import type { AccountParts } from './account-parts.ts';
import { forgetJob } from './forget-job.ts';
import type { NewGeneration } from './generations.ts';
import type { ShareRecord } from './share-table.ts';
import { noteMade, storeAndStart } from './start-job.ts';
import type { Task } from './task-table.ts';

/**
 * Makes a share, and has a sample of its concept drawn unless there is one or one is being drawn. False when there is no
 * such concept any more.
 */
export async function createShare(
  parts: AccountParts,
  share: ShareRecord,
  { sample, idempotencyKey }: { sample: NewGeneration | null; idempotencyKey: string | null },
): Promise<boolean> {
  const { storage, tables, tasks } = parts;
  const { conceptId } = share.terms;
  const opening: Task = { kind: 'open_share', share };
  const id = storage.transactionSync(() => {
    if (!tables.concepts.get(conceptId)) {
      return null;
    }
    tables.shares.insert(share);
    noteMade(tables, share.terms.id, idempotencyKey);
    return tasks.promise(opening);
  });
  if (id === null) {
    return false;
  }
  await tasks.tryNow(id, opening);
  if (sample && isListed(parts, share) && !tables.samples.getByAlias(conceptId)) {
    await storeAndStart(parts, sample.job, () => tables.samples.insert(sample.record, conceptId));
  }
  return true;
}

/** A share that ended before it could open, or just as it did, must not live. */
export async function openShare(parts: AccountParts, share: ShareRecord): Promise<void> {
  const object = shareOf(parts.env, share.name);
  if (!isListed(parts, share)) {
    return;
  }
  await object.open(share.terms);
  if (!isListed(parts, share)) {
    await object.revoke();
  }
}

function isListed({ tables }: AccountParts, { terms }: ShareRecord): boolean {
  return tables.shares.get(terms.conceptId, terms.id) !== null;
}

/** False when there is no such share; else it is dead when this returns. */
export async function revokeShare({ env, tables }: AccountParts, conceptId: string, id: string): Promise<boolean> {
  const share = tables.shares.get(conceptId, id);
  if (!share) {
    return false;
  }
  await shareOf(env, share.name).revoke();
  tables.shares.delete(id);
  return true;
}

/** Ends what hangs on a concept that goes: its shares, and the sample on their pages. */
export function unshare(parts: AccountParts, conceptId: string): void {
  const { shares, samples } = parts.tables;
  for (const share of shares.deleteOf(conceptId)) {
    parts.tasks.promise({ kind: 'revoke_share', share });
  }
  const sample = samples.getByAlias(conceptId);
  if (sample) {
    forgetJob(parts, sample.id, () => samples.delete(sample.id));
  }
}
