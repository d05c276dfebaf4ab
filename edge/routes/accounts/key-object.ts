import { z } from '@hono/zod-openapi';
import { keyIdSchema } from '../../../shared/ids.ts';
import type { KeyRecord } from '../../durable-objects/account/key-table.ts';
import { isoTime } from '../object-urls.ts';

export const keySchema = z
  .object({
    id: keyIdSchema,
    object: z.literal('api_key'),
    name: z.string().nullable(),
    created_at: z.iso.datetime(),
    last_used_at: z.iso.datetime().nullable(),
  })
  .openapi('ApiKey');

export function keyObject({ id, name, createdAtMs, lastUsedAtMs }: KeyRecord): z.infer<typeof keySchema> {
  return {
    id,
    object: 'api_key',
    name,
    created_at: isoTime(createdAtMs),
    last_used_at: lastUsedAtMs === null ? null : isoTime(lastUsedAtMs),
  };
}
