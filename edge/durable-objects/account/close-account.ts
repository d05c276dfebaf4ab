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
    for (const generation of tables.generations.ids()) {
      tables.generations.delete(generation);
      tasks.promise({ kind: 'delete_job', jobId: generation });
    }
    tasks.dropExpiries();
    tasks.promise({ kind: 'delete_prefix', prefix: accountUploadsPrefix(id) });
    promiseSweep(parts, accountPrefix(id));
  });
  await tasks.runDue();
}
