type Identified = { readonly id: string; readonly status: string };

export type PageQuery = { readonly limit: number; readonly before: string | null };

export type ListQuery = PageQuery & { readonly status: string | null };

export type Page<T> = { readonly records: T[]; readonly hasMore: boolean };

/**
 * Records of one kind, newest first by id. `alias` is a second name that at most one record has at a time, such as
 * the hash of a concept's content.
 */
export function createRecordTable<T extends Identified>(
  sql: SqlStorage,
  name: 'concept' | 'generation' | 'sample' | 'report',
) {
  type Row = { record: string };
  const read = ({ record }: Row): T => JSON.parse(record);

  return {
    create(): void {
      sql.exec(
        `CREATE TABLE IF NOT EXISTS ${name} (id TEXT PRIMARY KEY, status TEXT NOT NULL, alias TEXT UNIQUE, record TEXT NOT NULL)`,
      );
      sql.exec(`CREATE INDEX IF NOT EXISTS ${name}_by_status ON ${name} (status, id)`);
    },

    insert(record: T, alias: string | null): void {
      sql.exec(
        `INSERT INTO ${name} (id, status, alias, record) VALUES (?, ?, ?, ?)`,
        record.id,
        record.status,
        alias,
        JSON.stringify(record),
      );
    },

    update(record: T): void {
      sql.exec(
        `UPDATE ${name} SET status = ?, record = ? WHERE id = ?`,
        record.status,
        JSON.stringify(record),
        record.id,
      );
    },

    dropAlias(id: string): void {
      sql.exec(`UPDATE ${name} SET alias = NULL WHERE id = ?`, id);
    },

    get(id: string): T | null {
      return sql.exec<Row>(`SELECT record FROM ${name} WHERE id = ?`, id).toArray().map(read)[0] ?? null;
    },

    getByAlias(alias: string): T | null {
      return sql.exec<Row>(`SELECT record FROM ${name} WHERE alias = ?`, alias).toArray().map(read)[0] ?? null;
    },

    list({ limit, before, status }: ListQuery, isVisible: (record: T) => boolean): Page<T> {
      const rows = sql.exec<Row>(
        `SELECT record FROM ${name} WHERE id < ?1 AND (?2 IS NULL OR status = ?2) ORDER BY id DESC`,
        before ?? '~', // after every id
        status,
      );
      const records: T[] = [];
      for (const row of rows) {
        const record = read(row);
        if (isVisible(record)) {
          if (records.length === limit) {
            return { records, hasMore: true };
          }
          records.push(record);
        }
      }
      return { records, hasMore: false };
    },

    ids(): string[] {
      return sql
        .exec<{ id: string }>(`SELECT id FROM ${name}`)
        .toArray()
        .map(({ id }) => id);
    },

    delete(id: string): void {
      sql.exec(`DELETE FROM ${name} WHERE id = ?`, id);
    },
  };
}
