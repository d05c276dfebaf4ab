import { z } from 'zod';
import { conceptIdSchema, shareIdSchema } from './ids.ts';
import { linksSchema, metadataSchema } from './object-parts.ts';
import { jobErrorSchema } from './problem.ts';
import { shareRightsSchema } from './share.ts';

export const CONCEPT_STATUSES = ['queued', 'encoding', 'ready', 'failed'] as const;
export const conceptStatusSchema = z.enum(CONCEPT_STATUSES);

export const maskSourceSchema = z.enum(['upload', 'auto', 'none']);
export type MaskSource = z.infer<typeof maskSourceSchema>;

/** A photo encoded once: what stands for its subject in any prompt. */
export const conceptSchema = z
  .object({
    id: conceptIdSchema,
    object: z.literal('concept'),
    status: conceptStatusSchema,
    name: z.string().nullable(),
    category: z.string().nullable().meta({ description: 'The plain word for the thing, such as “dog”.' }),
    metadata: metadataSchema,
    model: z.string().meta({ description: 'Fingerprint of the model it was encoded with.' }),
    mask_source: maskSourceSchema,
    copied_from: z
      .object({ share: shareIdSchema, rights: shareRightsSchema })
      .nullable()
      .meta({ description: 'The share it is a copy from; one with `copy` has no file and may not be shared on.' }),
    error: z.union([jobErrorSchema, z.null()]),
    image_url: z.string().nullable(),
    mask_url: z.string().nullable(),
    embedding_url: z.string().nullable(),
    created_at: z.iso.datetime(),
    ready_at: z.iso.datetime().nullable(),
    expires_at: z.iso.datetime().nullable().meta({ description: 'When it is deleted by itself; null for never.' }),
    timings: z.object({
      queued_ms: z.int().min(0).nullable(),
      encode_ms: z.int().min(0).nullable(),
      total_ms: z.int().min(0).nullable(),
    }),
    links: linksSchema,
  })
  .meta({ id: 'Concept' });

export type Concept = z.infer<typeof conceptSchema>;
export type ConceptStatus = z.infer<typeof conceptStatusSchema>;
