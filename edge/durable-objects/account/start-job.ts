import type { QueueMessage } from '../../../shared/queue-message.ts';
import type { JobTerms } from '../job/job-state.ts';
import type { AccountParts } from './account-parts.ts';
import type { AccountTables } from './account-tables.ts';
import type { Task } from './task-table.ts';

/** A job to start with a record, and the Idempotency-Key of the request that asked for both. */
export type NewJob = {
  readonly message: QueueMessage;
  readonly terms: JobTerms;
  readonly idempotencyKey: string | null;
};

/** What makes 202 a promise: from the write on the job starts, now or by the alarm. */
export async function storeAndStart(
  { storage, tables, tasks }: AccountParts,
  { message, terms, idempotencyKey }: NewJob,
  store: () => void,
): Promise<void> {
  const task: Task = { kind: 'start_job', message, terms };
  const id = storage.transactionSync(() => {
    store();
    noteMade(tables, message.job_id, idempotencyKey);
    return tasks.promise(task);
  });
  await tasks.tryNow(id, task);
}

/** Remembers what a request made; belongs into the transaction that makes it. */
export function noteMade({ requests }: AccountTables, objectId: string, idempotencyKey: string | null): void {
  if (idempotencyKey !== null) {
    requests.made(idempotencyKey, objectId);
  }
}
