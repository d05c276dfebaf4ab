import type { QueueMessage } from '../../../shared/queue-message.ts';
import { retryAtMs } from '../alarm.ts';
import type { JobTerms } from '../job/job-state.ts';
import type { ShareRecord } from './share-table.ts';

/** What an account has promised and must do at least once, whatever dies meanwhile. */
export type Task =
  | { readonly kind: 'start_job'; readonly message: QueueMessage; readonly terms: JobTerms }
  | { readonly kind: 'delete_job'; readonly jobId: string }
  | { readonly kind: 'delete_prefix'; readonly prefix: string }
  /** A record's time is over. */
  | { readonly kind: 'expire_concept' | 'expire_generation'; readonly id: string }
  | { readonly kind: 'open_share'; readonly share: ShareRecord }
  | { readonly kind: 'revoke_share'; readonly share: string }
  | { readonly kind: 'confirm_use' | 'give_back_use'; readonly share: string; readonly useId: string };

export type DueTask = { readonly id: number; readonly task: Task; readonly failures: number };

/** A stored to-do list with back-off. */
export function createTaskTable(sql: SqlStorage) {
  return {
    create(): void {
      sql.exec(
        'CREATE TABLE task (id INTEGER PRIMARY KEY, task TEXT NOT NULL, due_at_ms INTEGER NOT NULL, failures INTEGER NOT NULL)',
      );
      sql.exec('CREATE INDEX task_by_due ON task (due_at_ms)');
    },

    add(task: Task, dueAtMs: number): number {
      const insert = 'INSERT INTO task (task, due_at_ms, failures) VALUES (?, ?, 0) RETURNING id';
      return sql.exec<{ id: number }>(insert, JSON.stringify(task), dueAtMs).one().id;
    },

    due(nowMs: number): DueTask[] {
      return sql
        .exec<{ id: number; task: string; failures: number }>(
          'SELECT * FROM task WHERE due_at_ms <= ? ORDER BY id',
          nowMs,
        )
        .toArray()
        .map(({ id, task, failures }) => ({ id, task: JSON.parse(task), failures }));
    },

    /** An attempt under way: should it die with its object, the task is due again at `againAtMs`. */
    begun(id: number, againAtMs: number): void {
      sql.exec('UPDATE task SET due_at_ms = ? WHERE id = ?', againAtMs, id);
    },

    nextDueAtMs(): number | null {
      return sql.exec<{ due: number | null }>('SELECT min(due_at_ms) AS due FROM task').one().due;
    },

    /** The records they were about are gone already. */
    dropExpiries(): void {
      sql.exec("DELETE FROM task WHERE task ->> 'kind' IN ('expire_concept', 'expire_generation')");
    },

    done(id: number): void {
      sql.exec('DELETE FROM task WHERE id = ?', id);
    },

    failed({ id, failures }: DueTask, nowMs: number): void {
      sql.exec(
        'UPDATE task SET due_at_ms = ?, failures = ? WHERE id = ?',
        retryAtMs(nowMs, failures),
        failures + 1,
        id,
      );
    },
  };
}
