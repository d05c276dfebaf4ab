import type { JobEventType, JobProgress } from './job-state.ts';

export type LoggedEvent = {
  /** Counts from 1 without gaps: what a client resumes from. */
  readonly id: number;
  readonly type: JobEventType;
  readonly atMs: number;
  readonly progress: JobProgress | null;
};

export function createEventLog(sql: SqlStorage) {
  return {
    create(): void {
      sql.exec(
        'CREATE TABLE event (id INTEGER PRIMARY KEY, type TEXT NOT NULL, at_ms INTEGER NOT NULL, step INTEGER, steps INTEGER)',
      );
    },

    append(type: JobEventType, atMs: number, progress: JobProgress | null): void {
      sql.exec(
        'INSERT INTO event (type, at_ms, step, steps) VALUES (?, ?, ?, ?)',
        type,
        atMs,
        progress?.step ?? null,
        progress?.steps ?? null,
      );
    },

    lastId(): number {
      return sql.exec<{ id: number }>('SELECT coalesce(max(id), 0) AS id FROM event').one().id;
    },

    after(id: number): LoggedEvent[] {
      return sql
        .exec<{ id: number; type: JobEventType; at_ms: number; step: number | null; steps: number | null }>(
          'SELECT * FROM event WHERE id > ? ORDER BY id',
          id,
        )
        .toArray()
        .map(({ id, type, at_ms, step, steps }) => ({
          id,
          type,
          atMs: at_ms,
          progress: step === null || steps === null ? null : { step, steps },
        }));
    },
  };
}
