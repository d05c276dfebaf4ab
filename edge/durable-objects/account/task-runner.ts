import { createTaskTable, type DueTask, type Task } from './task-table.ts';

export type TaskRunnerPorts = {
  readonly run: (task: Task) => Promise<void>;
  /** Called whenever nothing is left to do. */
  readonly rest: () => Promise<void>;
  readonly now: () => number;
};

/** Longer than a task should take: one still under way by then has died with its object. */
const LEASE_MS = 60_000;

/** Does what was promised: at once, and again by the object's alarm until it is done. */
export function createTaskRunner(storage: DurableObjectStorage, { run, rest, now }: TaskRunnerPorts) {
  const table = createTaskTable(storage.sql);
  const running = new Set<number>();

  async function attempt(due: DueTask): Promise<void> {
    try {
      await run(due.task);
      table.done(due.id);
    } catch (error) {
      console.warn(
        JSON.stringify({ level: 'warn', message: `account could not ${due.task.kind}`, detail: String(error) }),
      );
      table.failed(due, now());
    } finally {
      running.delete(due.id);
    }
  }

  async function arm(): Promise<void> {
    const nextDueAtMs = table.nextDueAtMs();
    await (nextDueAtMs === null ? rest() : storage.setAlarm(nextDueAtMs));
  }

  /** Sets the alarm before the first attempt, in one write with what was just promised: the object may die during it. */
  async function attemptAll(due: readonly DueTask[]): Promise<void> {
    const idle = due.filter(({ id }) => !running.has(id));
    for (const { id } of due) {
      running.add(id);
      table.begun(id, now() + LEASE_MS);
    }
    try {
      if (idle.length > 0) {
        await arm();
        await Promise.all(idle.map(attempt));
      }
    } finally {
      await arm();
    }
  }

  return {
    create: table.create,
    dropExpiries: table.dropExpiries,

    /** Stores a promise, best in the transaction that causes it. Returns its id. */
    promise(task: Task, dueAtMs = now()): number {
      return table.add(task, dueAtMs);
    },

    /** Tries one task just promised. */
    async tryNow(id: number, task: Task): Promise<void> {
      await attemptAll([{ id, task, failures: 0 }]);
    },

    async runDue(): Promise<void> {
      await attemptAll(table.due(now()));
    },
  };
}

export type TaskRunner = ReturnType<typeof createTaskRunner>;
