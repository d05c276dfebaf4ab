export type KeyRecord = {
  readonly id: string;
  readonly name: string | null;
  readonly createdAtMs: number;
  readonly lastUsedAtMs: number | null;
};

/** API keys: only the SHA-256 of the whole token is kept. */
export function createKeyTable(sql: SqlStorage) {
  return {
    create(): void {
      sql.exec(
        'CREATE TABLE key (id TEXT PRIMARY KEY, hash BLOB NOT NULL, name TEXT, created_at_ms INTEGER NOT NULL, last_used_at_ms INTEGER)',
      );
    },

    insert(key: { id: string; hash: ArrayBuffer; name: string | null; createdAtMs: number }): void {
      sql.exec(
        'INSERT INTO key (id, hash, name, created_at_ms) VALUES (?, ?, ?, ?)',
        key.id,
        key.hash,
        key.name,
        key.createdAtMs,
      );
    },

    hashOf(id: string): ArrayBuffer | null {
      return sql.exec<{ hash: ArrayBuffer }>('SELECT hash FROM key WHERE id = ?', id).toArray()[0]?.hash ?? null;
    },
  };
}
