/** An answer as it can be given again. */
export type StoredAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | null>>;
  readonly body: string;
};

export type IdempotentRequest =
  /** To be done now, and its answer to be stored. */
  | { readonly state: 'new' }
  | { readonly state: 'running' }
  | { readonly state: 'mismatch' }
  | { readonly state: 'answered'; readonly answer: StoredAnswer }
  /** It made this object, and could not answer with it. */
  | { readonly state: 'made'; readonly objectId: string };

const KEPT_MS = 24 * 3_600_000;

/** Longer than any request may run: one still unanswered has died. */
const DEAD_AFTER_MS = 120_000;

type Row = {
  fingerprint: string;
  started_at_ms: number;
  is_over: number;
  object_id: string | null;
  answer: string | null;
};

/** Requests with an Idempotency-Key, and what came of them. */
export function createIdempotencyTable(sql: SqlStorage) {
  return {
    create(): void {
      sql.exec(
        `CREATE TABLE idempotency (key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, started_at_ms INTEGER NOT NULL,
         is_over INTEGER NOT NULL DEFAULT 0, object_id TEXT, answer TEXT)`,
      );
      sql.exec('CREATE INDEX idempotency_by_start ON idempotency (started_at_ms)');
    },

    begin(key: string, fingerprint: string, nowMs: number): IdempotentRequest {
      sql.exec('DELETE FROM idempotency WHERE started_at_ms <= ?', nowMs - KEPT_MS);
      const row = sql.exec<Row>('SELECT * FROM idempotency WHERE key = ?', key).toArray()[0];
      if (row && row.fingerprint !== fingerprint) {
        return { state: 'mismatch' };
      }
      if (row?.answer) {
        return { state: 'answered', answer: JSON.parse(row.answer) };
      }
      if (row && !row.is_over && nowMs - row.started_at_ms < DEAD_AFTER_MS) {
        return { state: 'running' };
      }
      if (row?.object_id) {
        return { state: 'made', objectId: row.object_id };
      }
      sql.exec(
        'INSERT OR REPLACE INTO idempotency (key, fingerprint, started_at_ms) VALUES (?, ?, ?)',
        key,
        fingerprint,
        nowMs,
      );
      return { state: 'new' };
    },

    /** Belongs into the transaction that makes the object: then a repeated request cannot make another. */
    made(key: string, objectId: string): void {
      sql.exec('UPDATE idempotency SET object_id = ? WHERE key = ?', objectId, key);
    },

    answered(key: string, answer: StoredAnswer): void {
      sql.exec('UPDATE idempotency SET answer = ? WHERE key = ?', JSON.stringify(answer), key);
    },

    /** The answer was none that stands: the request may be made anew, unless it has made its object already. */
    unanswered(key: string): void {
      sql.exec('UPDATE idempotency SET is_over = 1 WHERE key = ? AND object_id IS NOT NULL', key);
      sql.exec('DELETE FROM idempotency WHERE key = ? AND object_id IS NULL AND answer IS NULL', key);
    },
  };
}
