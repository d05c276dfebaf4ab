import { z } from '@hono/zod-openapi';
import {
  guidanceIntervalSchema,
  guidanceScaleSchema,
  imageFormatSchema,
  MAX_CONCEPTS,
  MAX_IMAGES,
  MAX_PROMPT_CHARS,
  reuseSchema,
  seedSchema,
  strengthSchema,
} from '../../../shared/generation.ts';
import { samplerSchema, wordsSchema } from '../../../shared/model-description.ts';
import { metadataSchema } from '../../../shared/object-parts.ts';
import { DEFAULT_PLACEHOLDER, placeholderTokenSchema } from '../../../shared/placeholder.ts';
import type { InputParts } from '../../../shared/resolve-input.ts';
import { GENERATION_RETAIN_SECONDS, retainSchema } from '../../../shared/retention.ts';
import { generationWebhookSchema } from '../../../shared/webhook.ts';
import { soundFields } from '../validation/sound-fields.ts';

const MAX_START_WITHIN_SECONDS = 12 * 3600; // as long as a message may live in SQS

const promptConceptSchema = z.strictObject({
  concept: z.string().min(1).max(2048).meta({ description: 'A concept’s id, or the URL of a share.' }),
  token: placeholderTokenSchema.default(DEFAULT_PLACEHOLDER),
  strength: strengthSchema.optional(),
  words: wordsSchema.optional(),
});

export const generationRequestSchema = z.strictObject({
  prompt: z.string().min(1, 'must not be empty').max(MAX_PROMPT_CHARS).meta({ example: 'a S* in the snow' }),
  concepts: z.array(promptConceptSchema).min(1).max(MAX_CONCEPTS),
  negative_prompt: z.string().max(MAX_PROMPT_CHARS).optional(),
  num_images: z.int().min(1).max(MAX_IMAGES).default(1),
  seed: seedSchema.optional(),
  steps: z.int().min(1).optional(),
  sampler: samplerSchema.optional(),
  guidance_scale: guidanceScaleSchema.optional(),
  guidance_interval: guidanceIntervalSchema.optional(),
  reuse: reuseSchema.optional(),
  width: z.int().min(1).optional(),
  height: z.int().min(1).optional(),
  format: imageFormatSchema.default('png'),
  start_within: z
    .int()
    .min(1)
    .max(MAX_START_WITHIN_SECONDS)
    .default(3600)
    .meta({ description: 'Seconds; a job not started by then expires.' }),
  webhook: generationWebhookSchema.optional(),
  retain: retainSchema
    .default(GENERATION_RETAIN_SECONDS)
    .meta({ description: 'Seconds until it is deleted with its images; 30 days if left out.' }),
  metadata: metadataSchema.default({}),
});

export type GenerationRequest = z.output<typeof generationRequestSchema>;

/** What can be judged of a request beyond its shape. */
export type GenerationParts = Omit<InputParts, 'concepts'> & {
  readonly concepts: readonly (NonNullable<InputParts['concepts']>[number] & { readonly concept?: string })[];
  readonly webhook?: { readonly url?: string | undefined } | undefined;
};

/** The parts of a body that are right by themselves, though all of it is not. */
export function soundParts(body: unknown): GenerationParts {
  const { concepts, webhook } = Object(body) as { readonly concepts?: unknown; readonly webhook?: unknown };
  const fields = soundFields(generationRequestSchema, body);
  const hasSize = 'width' in fields && 'height' in fields; // neither can be judged without the other
  return {
    ...fields,
    ...(!hasSize && { width: undefined, height: undefined }),
    concepts:
      Array.isArray(concepts) && concepts.length <= MAX_CONCEPTS
        ? concepts.map((concept) => soundFields(promptConceptSchema, concept))
        : [],
    webhook: soundFields(generationWebhookSchema, webhook),
  };
}
