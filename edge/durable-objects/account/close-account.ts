import { accountPrefix, accountUploadsPrefix } from '../../../shared/object-keys.ts';
import type { AccountParts } from './account-parts.ts';
import { idOf, markClosed } from './existence.ts';
import { promiseSweep } from './forget-job.ts';
import { unshare } from './shares.ts';

/**
 * Closes the account: nobody gets in any more, and all it had goes, its shares at once. What is left is the tasks that
 * see to this; with the last of them the account itself is gone.
 */
export async function closeAccount(parts: AccountParts): Promise<void> {
  const { storage, tables, tasks } = parts;
  const id = idOf(storage);
  storage.transactionSync(() => {
    markClosed(storage);
    tables.keys.deleteAll();
    for (const concept of tables.concepts.ids()) {
      unshare(parts, concept);
      tables.concepts.delete(concept);
      tasks.promise({ kind: 'delete_job', jobId: concept });
    }
    for (const drawn of [tables.generations, tables.samples]) {
      for (const id of drawn.ids()) {
        drawn.delete(id);
        tasks.promise({ kind: 'delete_job', jobId: id });
      }
    }
    tasks.dropExpiries();
    promiseSweep(parts, accountUploadsPrefix(id));
    promiseSweep(parts, accountPrefix(id));
  });
  await tasks.runDue();
}
