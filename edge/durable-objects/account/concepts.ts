import type { AccountParts } from './account-parts.ts';
import { forgetJob } from './forget-job.ts';
import { type ConceptChanges, type ConceptRecord, changedConcept } from './records.ts';
import { unshare } from './shares.ts';
import { type NewJob, noteMade, storeAndStart } from './start-job.ts';

export type StoredConcept = { readonly record: ConceptRecord; readonly created: boolean };

/** Stores a concept and that its job must start; or returns the one with the same content. */
export async function createConcept(
  parts: AccountParts,
  { record, contentHash, job }: { record: ConceptRecord; contentHash: string; job: NewJob },
): Promise<StoredConcept> {
  const { concepts } = parts.tables;
  const existing = concepts.getByAlias(contentHash);
  if (existing) {
    return { record: existing, created: false };
  }
  await storeAndStart(parts, job, () => {
    concepts.insert(record, contentHash);
    if (record.expiresAtMs !== null) {
      parts.tasks.promise({ kind: 'expire_concept', id: record.id }, record.expiresAtMs);
    }
  });
  return { record, created: true };
}

/** Stores a concept that came as a file or by a share: nothing is left to encode. */
export async function importConcept(
  { storage, tables, tasks }: AccountParts,
  record: ConceptRecord,
  { share, idempotencyKey }: { share: string | null; idempotencyKey: string | null },
): Promise<void> {
  storage.transactionSync(() => {
    tables.concepts.insert(record, null);
    noteMade(tables, record.id, idempotencyKey);
    if (share !== null) {
      tasks.promise({ kind: 'confirm_use', share, useId: record.id });
    }
  });
  await tasks.runDue();
}

export function updateConcept({ tables }: AccountParts, id: string, changes: ConceptChanges): void {
  const record = tables.concepts.get(id);
  if (record) {
    tables.concepts.update(changedConcept(record, changes));
  }
}

export function deleteConcept(parts: AccountParts, id: string): void {
  forgetJob(parts, id, () => {
    parts.tables.concepts.delete(id);
    unshare(parts, id);
  });
  parts.runDueSoon();
}
