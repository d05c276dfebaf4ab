import { shareOf } from '../stubs.ts';
import type { AccountParts } from './account-parts.ts';
import { forgetJob } from './forget-job.ts';
import type { NewGeneration } from './generations.ts';
import type { ShareRecord } from './share-table.ts';
import { noteMade, storeAndStart } from './start-job.ts';

/** Opens a share, and has a sample of its concept drawn unless there is one or one is being drawn. */
export async function createShare(
  parts: AccountParts,
  share: ShareRecord,
  { sample, idempotencyKey }: { sample: NewGeneration | null; idempotencyKey: string | null },
): Promise<void> {
  const { env, storage, tables } = parts;
  await shareOf(env, share.name).open(share.terms);
  storage.transactionSync(() => {
    tables.shares.insert(share);
    noteMade(tables, share.terms.id, idempotencyKey);
  });
  const { conceptId } = share.terms;
  if (sample && !tables.samples.getByAlias(conceptId)) {
    await storeAndStart(parts, sample.job, () => tables.samples.insert(sample.record, conceptId));
  }
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
