import type { EdgeEnv } from '../../env.ts';
import { type AccountTables, createAccountTables } from './account-tables.ts';
import { exists, rest } from './existence.ts';
import { runTask } from './run-task.ts';
import { createTaskRunner, type TaskRunner } from './task-runner.ts';

/** What an account is made of, for the functions that change it. */
export type AccountParts = {
  readonly env: EdgeEnv;
  readonly storage: DurableObjectStorage;
  readonly tables: AccountTables;
  readonly tasks: TaskRunner;
  readonly now: () => number;
  /** Does what is due without making the caller wait. */
  readonly runDueSoon: () => void;
};

export function createAccountParts(ctx: DurableObjectState, env: EdgeEnv, now: () => number): AccountParts {
  const parts: AccountParts = {
    env,
    storage: ctx.storage,
    tables: createAccountTables(ctx.storage.sql),
    tasks: createTaskRunner(ctx.storage, {
      run: (task) => runTask(parts, task),
      rest: () => rest(ctx.storage),
      now,
    }),
    now,
    runDueSoon: () => ctx.waitUntil(runDueTasks(parts)),
  };
  return parts;
}

/** Also called on accounts that are not there any more, or never were. */
export async function runDueTasks({ storage, tasks }: AccountParts): Promise<void> {
  if (exists(storage)) {
    await tasks.runDue();
  }
}
