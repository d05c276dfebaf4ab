/** Which job knows a delivery. */
export function createDeliveryTable(sql: SqlStorage) {
  return {
    create(): void {
      sql.exec('CREATE TABLE delivery (id TEXT PRIMARY KEY, job_id TEXT NOT NULL)');
      sql.exec('CREATE INDEX delivery_by_job ON delivery (job_id)');
    },

    insert(ids: readonly string[], jobId: string): void {
      for (const id of ids) {
        sql.exec('INSERT OR IGNORE INTO delivery (id, job_id) VALUES (?, ?)', id, jobId);
      }
    },

    jobOf(id: string): string | null {
      return sql.exec<{ job_id: string }>('SELECT job_id FROM delivery WHERE id = ?', id).toArray()[0]?.job_id ?? null;
    },

    deleteOf(jobId: string): void {
      sql.exec('DELETE FROM delivery WHERE job_id = ?', jobId);
    },
  };
}
