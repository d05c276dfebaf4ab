import { z } from '@hono/zod-openapi';
import type { EndUserUsage } from '../../durable-objects/account/usage-table.ts';

const countsSchema = z.object({
  concepts: z.int(),
  generations: z.int(),
  images: z.int(),
  steps: z.int().meta({ description: 'Denoising steps, summed over images.' }),
});

export const usageSchema = countsSchema
  .extend({ period: z.string(), end_users: z.array(countsSchema.extend({ end_user: z.string() })) })
  .openapi('Usage');

/** The counts of a month, in all and by end user; `rows` has one for each. */
export function usageObject(period: string, rows: readonly EndUserUsage[]): z.infer<typeof usageSchema> {
  const sum = (name: 'concepts' | 'generations' | 'images' | 'steps') =>
    rows.reduce((total, row) => total + row[name], 0);
  return {
    period,
    concepts: sum('concepts'),
    generations: sum('generations'),
    images: sum('images'),
    steps: sum('steps'),
    end_users: rows.filter(({ end_user }) => end_user !== ''),
  };
}
