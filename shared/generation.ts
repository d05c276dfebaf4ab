import { z } from 'zod';
import { generationIdSchema } from './ids.ts';
import { samplerSchema, wordsSchema } from './model-description.ts';
import { linksSchema, metadataSchema } from './object-parts.ts';
import { placeholderTokenSchema } from './placeholder.ts';
import { jobErrorSchema } from './problem.ts';

export const GENERATION_STATUSES = ['queued', 'running', 'succeeded', 'failed', 'canceled', 'expired'] as const;
export const generationStatusSchema = z.enum(GENERATION_STATUSES);
export type GenerationStatus = z.infer<typeof generationStatusSchema>;

export const MAX_PROMPT_CHARS = 2000;
export const MAX_IMAGES = 8;
/** Of any model; each has a limit of its own. */
export const MAX_CONCEPTS = 8;
export const MAX_SEED = 2 ** 32 - 1;

export const imageFormatSchema = z.enum(['png', 'webp', 'jpeg']);
export type ImageFormat = z.infer<typeof imageFormatSchema>;

export const IMAGE_CONTENT_TYPES = {
  png: 'image/png',
  webp: 'image/webp',
  jpeg: 'image/jpeg',
} as const satisfies Record<ImageFormat, string>;

/** λ of the local branch; 0 leaves only the words. */
export const strengthSchema = z.number().min(0).max(2);
export const seedSchema = z.int().min(0).max(MAX_SEED);
export const guidanceScaleSchema = z.number().min(0).max(50);
const shareOfStepsSchema = z.number().min(0).max(1);

/** Which part of a run is guided. */
export const guidanceIntervalSchema = z
  .object({ from: shareOfStepsSchema, to: shareOfStepsSchema })
  .refine(({ from, to }) => from <= to, 'must not end before it begins')
  .meta({
    description:
      'The part of the run that `guidance_scale` guides, in shares of its steps: 0 to 1 is all of it. A step outside costs half.',
  });

export const MAX_REUSE = 10;

export const reuseSchema = z.int().min(1).max(MAX_REUSE).meta({
  description:
    'The network’s inner layers run at every so many steps; the steps in between use their last result again, at about a quarter of the cost. 1: they run at every step.',
});

export const safetySchema = z.enum(['passed', 'flagged', 'unchecked']).meta({
  description:
    '`flagged`: the safety checker took offence, and the picture is black; `unchecked`: the model has no checker.',
});
export type Safety = z.infer<typeof safetySchema>;

/** The input as it will run: every default filled in, the seed drawn. */
export const generationInputSchema = z.object({
  prompt: z.string().min(1).max(MAX_PROMPT_CHARS),
  concepts: z
    .array(
      z.object({
        concept: z.string().meta({ description: 'The concept’s id, or the share URL it was given by.' }),
        token: placeholderTokenSchema,
        strength: strengthSchema,
        words: wordsSchema,
      }),
    )
    .min(1),
  negative_prompt: z.string().max(MAX_PROMPT_CHARS),
  num_images: z.int().min(1).max(MAX_IMAGES),
  seed: seedSchema,
  steps: z.int().min(1),
  sampler: samplerSchema,
  guidance_scale: guidanceScaleSchema,
  guidance_interval: guidanceIntervalSchema,
  reuse: reuseSchema,
  width: z.int().positive(),
  height: z.int().positive(),
  format: imageFormatSchema,
});

export type GenerationInput = z.infer<typeof generationInputSchema>;

export const generationSchema = z
  .object({
    id: generationIdSchema,
    object: z.literal('generation'),
    status: generationStatusSchema,
    queue_position: z.int().min(0).nullable().meta({ description: 'An estimate; null when unknown or not queued.' }),
    progress: z.object({ step: z.int().min(0), steps: z.int().min(1) }),
    model: z.string(),
    input: generationInputSchema.extend({
      prompt_truncated: z
        .boolean()
        .nullable()
        .meta({ description: 'Whether the prompt was longer than the model reads; null until it ran.' }),
    }),
    images: z.array(
      z.object({
        url: z.string(),
        seed: seedSchema,
        width: z.int().positive(),
        height: z.int().positive(),
        content_type: z.enum(IMAGE_CONTENT_TYPES),
        safety: safetySchema,
      }),
    ),
    error: z.union([jobErrorSchema, z.null()]),
    metadata: metadataSchema,
    created_at: z.iso.datetime(),
    started_at: z.iso.datetime().nullable(),
    completed_at: z.iso.datetime().nullable(),
    expires_at: z.iso.datetime().nullable().meta({ description: 'When it is deleted with its images.' }),
    timings: z.object({
      queued_ms: z.int().min(0).nullable(),
      encode_ms: z.int().min(0).nullable(),
      denoise_ms: z.int().min(0).nullable(),
      decode_ms: z.int().min(0).nullable(),
      upload_ms: z.int().min(0).nullable(),
      total_ms: z.int().min(0).nullable(),
    }),
    links: linksSchema,
  })
  .meta({ id: 'Generation' });

export type Generation = z.infer<typeof generationSchema>;
