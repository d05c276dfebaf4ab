import { z } from '@hono/zod-openapi';
import type { Page } from '../durable-objects/record-table.ts';

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

/** A cursor is the id it continues after, dressed so that nobody takes it for one. */
const cursorSchema = z
  .string()
  .regex(/^[\w-]{4,64}$/)
  .transform((cursor) =>
    new TextDecoder().decode(Uint8Array.fromBase64(cursor, { alphabet: 'base64url', lastChunkHandling: 'loose' })),
  )
  .pipe(z.string().regex(/^[a-z]{3}_[0-9A-Z]{26}$/));

export function listQuerySchema<T extends z.ZodType>(status: T) {
  return z.object({
    limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
    cursor: z
      .string()
      .optional()
      .refine((cursor) => cursor === undefined || readCursor(cursor) !== null, 'must be the next_cursor of a list')
      .meta({ description: '`next_cursor` of the page before.' }),
    status: status.optional(),
  });
}

export function readCursor(cursor: string): string | null {
  try {
    return cursorSchema.safeParse(cursor).data ?? null;
  } catch {
    return null;
  }
}

export function listSchema<T extends z.ZodType>(item: T) {
  return z.object({
    object: z.literal('list'),
    data: z.array(item),
    has_more: z.boolean(),
    next_cursor: z.string().nullable(),
  });
}

export async function listObject<R extends { id: string }, T>(page: Page<R>, toObject: (record: R) => Promise<T>) {
  const last = page.records.at(-1);
  return {
    object: 'list' as const,
    data: await Promise.all(page.records.map(toObject)),
    has_more: page.hasMore,
    next_cursor:
      page.hasMore && last
        ? new TextEncoder().encode(last.id).toBase64({ alphabet: 'base64url', omitPadding: true })
        : null,
  };
}
