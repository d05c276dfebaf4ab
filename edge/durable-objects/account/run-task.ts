import type { EdgeEnv } from '../../env.ts';
import { deletePrefix } from '../../storage/bucket.ts';
import { jobOf, shareOf } from '../stubs.ts';
import type { Task } from './task-table.ts';

/** A task that others have a part in; the rest the account does by itself. */
export type SharedTask = Exclude<Task, { readonly kind: 'expire_concept' | 'expire_generation' }>;

/** Does a task once; every one may be repeated. */
export async function runTask(env: EdgeEnv, task: SharedTask): Promise<void> {
  switch (task.kind) {
    case 'start_job':
      return jobOf(env, task.message.job_id).accept(task.message, task.terms);
    case 'delete_job':
      return jobOf(env, task.jobId).delete();
    case 'delete_prefix':
      return deletePrefix(env.BUCKET, task.prefix);
    case 'confirm_use':
      await shareOf(env, task.share).confirm(task.useId);
      return;
    case 'give_back_use':
      return shareOf(env, task.share).giveBack(task.useId);
    case 'revoke_share':
      return shareOf(env, task.share).revoke();
  }
}
