import { deletePrefix } from '../../storage/bucket.ts';
import { jobOf, shareOf } from '../stubs.ts';
import type { AccountParts } from './account-parts.ts';
import { deleteConcept } from './concepts.ts';
import { deleteGeneration } from './generations.ts';
import { openShare } from './shares.ts';
import type { Task } from './task-table.ts';

/** Does a task once; every one may be repeated. */
export async function runTask(parts: AccountParts, task: Task): Promise<void> {
  const { env } = parts;
  switch (task.kind) {
    case 'start_job':
      return startJob(parts, task);
    case 'delete_job':
      return jobOf(env, task.jobId).delete();
    case 'delete_prefix':
      return deletePrefix(env.BUCKET, task.prefix);
    case 'expire_concept':
      return deleteConcept(parts, task.id);
    case 'expire_generation':
      return deleteGeneration(parts, task.id);
    case 'confirm_use':
      await shareOf(env, task.share).confirm(task.useId);
      return;
    case 'give_back_use':
      return shareOf(env, task.share).giveBack(task.useId);
    case 'open_share':
      return openShare(parts, task.share);
    case 'revoke_share':
      return shareOf(env, task.share).revoke();
  }
}

/** A job whose record was deleted before it could start, or just as it did, must not start any more. */
async function startJob(parts: AccountParts, { message, terms }: Extract<Task, { kind: 'start_job' }>): Promise<void> {
  const job = jobOf(parts.env, message.job_id);
  if (isWanted(parts, message.job_id)) {
    await job.accept(message, terms);
  }
  if (!isWanted(parts, message.job_id)) {
    await job.delete();
  }
}

function isWanted({ tables }: AccountParts, jobId: string): boolean {
  return [tables.concepts, tables.generations, tables.samples].some((records) => records.get(jobId) !== null);
}
