import { z } from 'zod';
import { IMAGE_CONTENT_TYPES, safetySchema, seedSchema } from './generation.ts';
import { attemptIdSchema, conceptIdSchema, generationIdSchema } from './ids.ts';

/**
 * `result.json`: written once, after the bytes it names, by the attempt that counts. Whoever finds it reports it
 * instead of working again.
 */
const envelope = { version: z.literal(1), attempt: attemptIdSchema, model: z.string(), completed_at: z.iso.datetime() };

const durationMsSchema = z.int().min(0);

export const encodeResultSchema = z.object({
  ...envelope,
  kind: z.literal('encode'),
  job_id: conceptIdSchema,
  embedding_key: z.string(),
  photo_key: z.string(),
  mask_key: z.string().nullable(),
  timings: z.object({ encode_ms: durationMsSchema }),
});

export const generateResultSchema = z.object({
  ...envelope,
  kind: z.literal('generate'),
  job_id: generationIdSchema,
  images: z.array(
    z.object({
      key: z.string(),
      seed: seedSchema,
      width: z.int().positive(),
      height: z.int().positive(),
      content_type: z.enum(IMAGE_CONTENT_TYPES),
      safety: safetySchema.default('unchecked'),
    }),
  ),
  prompt_truncated: z.boolean(),
  timings: z.object({
    encode_ms: durationMsSchema,
    denoise_ms: durationMsSchema,
    decode_ms: durationMsSchema,
    upload_ms: durationMsSchema,
  }),
});

export const jobResultSchema = z.discriminatedUnion('kind', [encodeResultSchema, generateResultSchema]);

export type EncodeResult = z.infer<typeof encodeResultSchema>;
export type GenerateResult = z.infer<typeof generateResultSchema>;
export type JobResult = z.infer<typeof jobResultSchema>;
