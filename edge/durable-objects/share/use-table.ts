/** Uses of a share by id. A reserved one counts until it lapses, a confirmed one until it is given back. */
export function createUseTable(sql: SqlStorage) {
  return {
    create(): void {
      sql.exec('CREATE TABLE use (id TEXT PRIMARY KEY, lapses_at_ms INTEGER)');
    },

    drop(): void {
      sql.exec('DROP TABLE IF EXISTS use');
    },

    dropLapsed(nowMs: number): void {
      sql.exec('DELETE FROM use WHERE lapses_at_ms <= ?', nowMs);
    },

    has(id: string): boolean {
      return sql.exec('SELECT 1 FROM use WHERE id = ?', id).toArray().length > 0;
    },

    isConfirmed(id: string): boolean {
      return sql.exec('SELECT 1 FROM use WHERE id = ? AND lapses_at_ms IS NULL', id).toArray().length > 0;
    },

    count(nowMs: number): number {
      const select = 'SELECT count(*) AS uses FROM use WHERE lapses_at_ms IS NULL OR lapses_at_ms > ?';
      return sql.exec<{ uses: number }>(select, nowMs).one().uses;
    },

    /** `lapsesAtMs` of null confirms. */
    put(id: string, lapsesAtMs: number | null): void {
      sql.exec('INSERT OR REPLACE INTO use (id, lapses_at_ms) VALUES (?, ?)', id, lapsesAtMs);
    },

    delete(id: string): void {
      sql.exec('DELETE FROM use WHERE id = ?', id);
    },
  };
}
