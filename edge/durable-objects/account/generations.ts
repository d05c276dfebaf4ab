import type { AccountParts } from './account-parts.ts';
import { forgetJob } from './forget-job.ts';
import type { GenerationRecord } from './records.ts';
import { type NewJob, storeAndStart } from './start-job.ts';

export type NewGeneration = { readonly record: GenerationRecord; readonly job: NewJob };

export async function createGeneration(parts: AccountParts, { record, job }: NewGeneration): Promise<void> {
  await storeAndStart(parts, job, () => {
    parts.tables.generations.insert(record, null);
    if (record.expiresAtMs !== null) {
      parts.tasks.promise({ kind: 'expire_generation', id: record.id }, record.expiresAtMs);
    }
  });
}

export function deleteGeneration(parts: AccountParts, id: string): void {
  forgetJob(parts, id, () => parts.tables.generations.delete(id));
  parts.runDueSoon();
}
