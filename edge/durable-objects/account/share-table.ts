import type { Page, PageQuery } from '../record-table.ts';
import type { ShareTerms } from '../share/share-terms.ts';

/** A share in its owner's index; its use count is with the Share object, which is called `name`. */
export type ShareRecord = { readonly name: string; readonly terms: ShareTerms };

export type ListedShare = ShareRecord & { readonly id: string };

/** The shares of an account's concepts, newest first by id. */
export function createShareTable(sql: SqlStorage) {
  type Row = { name: string; terms: string };
  const read = ({ name, terms }: Row): ShareRecord => ({ name, terms: JSON.parse(terms) });

  return {
    create(): void {
      sql.exec(
        'CREATE TABLE share (id TEXT PRIMARY KEY, concept_id TEXT NOT NULL, name TEXT NOT NULL, terms TEXT NOT NULL)',
      );
      sql.exec('CREATE INDEX share_by_concept ON share (concept_id, id)');
    },

    insert({ name, terms }: ShareRecord): void {
      sql.exec(
        'INSERT INTO share (id, concept_id, name, terms) VALUES (?, ?, ?, ?)',
        terms.id,
        terms.conceptId,
        name,
        JSON.stringify(terms),
      );
    },

    get(conceptId: string, id: string): ShareRecord | null {
      const select = 'SELECT name, terms FROM share WHERE concept_id = ? AND id = ?';
      return sql.exec<Row>(select, conceptId, id).toArray().map(read)[0] ?? null;
    },

    /** Of one concept, or of all. */
    list(conceptId: string | null, { limit, before }: PageQuery): Page<ListedShare> {
      const records = sql
        .exec<Row>(
          `SELECT name, terms FROM share WHERE ${conceptId === null ? '' : 'concept_id = ? AND'} id < ? ORDER BY id DESC LIMIT ?`,
          ...(conceptId === null ? [] : [conceptId]),
          before ?? '~', // after every id
          limit + 1,
        )
        .toArray()
        .map(read)
        .map((record) => ({ ...record, id: record.terms.id }));
      return { records: records.slice(0, limit), hasMore: records.length > limit };
    },

    /** Returns the names of those it deleted. */
    deleteOf(conceptId: string): string[] {
      return sql
        .exec<{ name: string }>('DELETE FROM share WHERE concept_id = ? RETURNING name', conceptId)
        .toArray()
        .map(({ name }) => name);
    },

    delete(id: string): void {
      sql.exec('DELETE FROM share WHERE id = ?', id);
    },
  };
}
