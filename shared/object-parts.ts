import { z } from 'zod';
import { TextEncoder } from './web-standards.ts';

export const MAX_METADATA_BYTES = 8 * 1024;

/** The caller's own key-value data, returned as given. */
export const metadataSchema = z
  .record(z.string(), z.unknown())
  .refine(
    (metadata) => new TextEncoder().encode(JSON.stringify(metadata)).length <= MAX_METADATA_BYTES,
    `must be at most ${MAX_METADATA_BYTES} bytes of JSON`,
  )
  .meta({ id: 'Metadata', description: 'Your own data, returned as given.' });

export const linksSchema = z.object({ self: z.string(), events: z.string(), cancel: z.string() });
