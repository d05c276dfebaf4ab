export type UsageCounts = {
  readonly concepts: number;
  readonly generations: number;
  readonly images: number;
  readonly steps: number;
};

export type EndUserUsage = UsageCounts & { readonly end_user: string };

/** What succeeded, counted by month (UTC) and end user; `''` is the account's own use. */
export function createUsageTable(sql: SqlStorage) {
  return {
    create(): void {
      sql.exec(
        `CREATE TABLE usage (period TEXT, end_user TEXT, concepts INTEGER NOT NULL, generations INTEGER NOT NULL,
         images INTEGER NOT NULL, steps INTEGER NOT NULL, PRIMARY KEY (period, end_user))`,
      );
    },

    add(endUser: string | null, { concepts, generations, images, steps }: UsageCounts, nowMs: number): void {
      sql.exec(
        `INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET concepts = concepts + excluded.concepts,
         generations = generations + excluded.generations, images = images + excluded.images, steps = steps + excluded.steps`,
        periodOf(nowMs),
        endUser ?? '',
        concepts,
        generations,
        images,
        steps,
      );
    },

    of(period: string): EndUserUsage[] {
      return sql
        .exec<EndUserUsage>(
          'SELECT end_user, concepts, generations, images, steps FROM usage WHERE period = ? ORDER BY end_user',
          period,
        )
        .toArray();
    },

    /** Those with any counts, latest first. */
    periods(): string[] {
      return sql
        .exec<{ period: string }>('SELECT DISTINCT period FROM usage ORDER BY period DESC')
        .toArray()
        .map(({ period }) => period);
    },
  };
}

/** The month that a moment belongs to: `2026-11`. */
export function periodOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 'YYYY-MM'.length);
}
