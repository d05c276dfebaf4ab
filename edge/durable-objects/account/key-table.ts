import type { Page, PageQuery } from '../record-table.ts';

export type KeyRecord = {
  readonly id: string;
  readonly name: string | null;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | null;
};

export type NewKey = { readonly id: string; readonly hash: ArrayBuffer; readonly name: string | null };

/** How stale the time of last use may be: not every request is worth a write. */
const LAST_USED_PRECISION_MS = 60_000;

/** API keys: only the SHA-256 of the whole token is kept. */
export function createKeyTable(sql: SqlStorage) {
  return {
    create(): void {
      sql.exec(
        `CREATE TABLE key (id TEXT PRIMARY KEY, hash BLOB NOT NULL, name TEXT, created_at_ms INTEGER NOT NULL,
         last_used_at_ms INTEGER NOT NULL DEFAULT 0)`,
      );
    },

    insert({ id, hash, name }: NewKey, nowMs: number): void {
      sql.exec('INSERT INTO key (id, hash, name, created_at_ms) VALUES (?, ?, ?, ?)', id, hash, name, nowMs);
    },

    hashOf(id: string): ArrayBuffer | null {
      return sql.exec<{ hash: ArrayBuffer }>('SELECT hash FROM key WHERE id = ?', id).toArray()[0]?.hash ?? null;
    },

    used(id: string, nowMs: number): void {
      sql.exec(
        'UPDATE key SET last_used_at_ms = ?1 WHERE id = ?2 AND last_used_at_ms < ?1 - ?3',
        nowMs,
        id,
        LAST_USED_PRECISION_MS,
      );
    },

    list({ limit, before }: PageQuery): Page<KeyRecord> {
      const records = sql
        .exec<{ id: string; name: string | null; created_at_ms: number; last_used_at_ms: number }>(
          'SELECT id, name, created_at_ms, last_used_at_ms FROM key WHERE id < ? ORDER BY id DESC LIMIT ?',
          before ?? '~', // after every id
          limit + 1,
        )
        .toArray()
        .map((row) => ({
          id: row.id,
          name: row.name,
          createdAtMs: row.created_at_ms,
          lastUsedAtMs: row.last_used_at_ms || null,
        }));
      return { records: records.slice(0, limit), hasMore: records.length > limit };
    },

    deleteAll(): void {
      sql.exec('DELETE FROM key');
    },

    delete(id: string): boolean {
      return sql.exec('DELETE FROM key WHERE id = ?', id).rowsWritten > 0;
    },
  };
}
