import { z } from 'zod';

export const SAMPLERS = ['lms', 'ddim', 'euler', 'euler_ancestral', 'dpmpp_2m', 'dpmpp_2m_karras'] as const;

export const samplerSchema = z.enum(SAMPLERS);
export type SamplerName = z.infer<typeof samplerSchema>;

export const imageSizeSchema = z.object({ width: z.int().positive(), height: z.int().positive() });

/**
 * Which of a concept's words stand in the prompt: the primary one (`w0`, from the last layer), all of them, or one by
 * index.
 */
export const wordsSchema = z.union([z.enum(['primary', 'all']), z.int().min(0).max(63)]);
export type Words = z.infer<typeof wordsSchema>;

/**
 * What a worker's model can do. Published by the worker when it is ready, read by the edge to validate and to fill in
 * defaults.
 */
export const modelDescriptionSchema = z
  .object({
    name: z.string().min(1).max(200),
    fingerprint: z
      .string()
      .regex(/^[a-z0-9_.-]{1,128}$/)
      .meta({
        description: 'Changes when the weights or the architecture do; concepts of one model do not fit another.',
      }),
    sizes: z.array(imageSizeSchema).min(1),
    samplers: z.array(samplerSchema).min(1),
    steps: z.object({ min: z.int().positive(), max: z.int().positive(), default: z.int().positive() }),
    defaults: z.object({
      sampler: samplerSchema,
      guidance_scale: z.number(),
      width: z.int().positive(),
      height: z.int().positive(),
      words: wordsSchema,
      negative_prompt: z.string(),
    }),
    max_images: z.int().positive(),
    max_concepts: z.int().positive(),
    words: z.int().positive().meta({
      description: 'How many words a concept has: `words` of a generation is primary, all, or an index below this.',
    }),
    embedding: z
      .object({ dim: z.int().positive(), patches: z.int().positive() })
      .meta({ description: 'A concept file holds `words` [words, dim] and `local` [patches, dim].' }),
    segmentation: z.boolean().meta({ description: 'Whether `mask: "auto"` is possible.' }),
    licence: z.object({
      name: z.string(),
      url: z.string().nullable(),
      use_restrictions: z
        .array(z.string())
        .meta({ description: 'What the licence of the weights forbids; passed on to whoever uses the service.' }),
    }),
  })
  .meta({ id: 'Model' });

export type ModelDescription = z.infer<typeof modelDescriptionSchema>;
