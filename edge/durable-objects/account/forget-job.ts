import { jobPrefix, uploadPrefix } from '../../../shared/object-keys.ts';
import type { AccountParts } from './account-parts.ts';
import { idOf } from './existence.ts';

/**
 * A worker that was writing when it was told to stop, or a phone with a URL to upload to, which works for an hour, may
 * leave bytes after the first sweep: sweep again.
 */
const SECOND_SWEEP_AFTER_MS = 5_400_000;

/** Forgets a record with its deliveries, in one write with the promise that its job and its bytes follow. */
export function forgetJob(parts: AccountParts, id: string, forgetRecord: () => void): void {
  const { storage, tables, tasks } = parts;
  const accountId = idOf(storage);
  storage.transactionSync(() => {
    forgetRecord();
    tables.deliveries.deleteOf(id);
    tasks.promise({ kind: 'delete_job', jobId: id });
    tasks.promise({ kind: 'delete_prefix', prefix: uploadPrefix(accountId, id) });
    promiseSweep(parts, jobPrefix(accountId, id));
  });
}

/** Everything under a prefix is to go, also what is still being written there. */
export function promiseSweep({ tasks, now }: AccountParts, prefix: string): void {
  tasks.promise({ kind: 'delete_prefix', prefix });
  tasks.promise({ kind: 'delete_prefix', prefix }, now() + SECOND_SWEEP_AFTER_MS);
}
