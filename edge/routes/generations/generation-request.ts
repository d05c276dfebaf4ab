import { z } from '@hono/zod-openapi';
import { defaultStrength } from '../../../shared/default-strength.ts';
import {
  type GenerationInput,
  guidanceScaleSchema,
  imageFormatSchema,
  MAX_IMAGES,
  MAX_PROMPT_CHARS,
  MAX_SEED,
  seedSchema,
  strengthSchema,
} from '../../../shared/generation.ts';
import { type ModelDescription, samplerSchema, wordsSchema } from '../../../shared/model-description.ts';
import { metadataSchema } from '../../../shared/object-parts.ts';
import {
  DEFAULT_PLACEHOLDER,
  findPlaceholders,
  placeholderSpellings,
  placeholderTokenSchema,
} from '../../../shared/placeholder.ts';
import type { FieldError } from '../../errors.ts';

const MAX_START_WITHIN_SECONDS = 12 * 3600; // as long as a message may live in SQS

export const generationRequestSchema = z.strictObject({
  prompt: z.string().min(1, 'must not be empty').max(MAX_PROMPT_CHARS).meta({ example: 'a S* in the snow' }),
  concepts: z
    .array(
      z.strictObject({
        concept: z.string().min(1).max(2048).meta({ description: 'A concept’s id.' }),
        token: placeholderTokenSchema.default(DEFAULT_PLACEHOLDER),
        strength: strengthSchema.optional(),
        words: wordsSchema.optional(),
      }),
    )
    .min(1),
  negative_prompt: z.string().max(MAX_PROMPT_CHARS).optional(),
  num_images: z.int().min(1).max(MAX_IMAGES).default(1),
  seed: seedSchema.optional(),
  steps: z.int().min(1).optional(),
  sampler: samplerSchema.optional(),
  guidance_scale: guidanceScaleSchema.optional(),
  width: z.int().min(1).optional(),
  height: z.int().min(1).optional(),
  format: imageFormatSchema.default('png'),
  start_within: z
    .int()
    .min(1)
    .max(MAX_START_WITHIN_SECONDS)
    .default(3600)
    .meta({ description: 'Seconds; a job not started by then expires.' }),
  metadata: metadataSchema.default({}),
});

export type GenerationRequest = z.output<typeof generationRequestSchema>;

/** Fills in the model's defaults, and λ by the paper's rule. */
export function resolveInput(request: GenerationRequest, model: ModelDescription): GenerationInput {
  const { defaults } = model;
  return {
    prompt: request.prompt,
    concepts: request.concepts.map(({ concept, token, strength, words }) => ({
      concept,
      token,
      strength: strength ?? defaultStrength(request.prompt, token),
      words: words ?? defaults.words,
    })),
    negative_prompt: request.negative_prompt ?? defaults.negative_prompt,
    num_images: request.num_images,
    seed: request.seed ?? randomSeed(),
    steps: request.steps ?? model.steps.default,
    sampler: request.sampler ?? defaults.sampler,
    guidance_scale: request.guidance_scale ?? defaults.guidance_scale,
    width: request.width ?? defaults.width,
    height: request.height ?? defaults.height,
    format: request.format,
  };
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! % (MAX_SEED + 1);
}

/** Everything about an input that this model cannot do, by field. */
export function inputErrors(input: GenerationInput, model: ModelDescription): FieldError[] {
  const sizes = model.sizes.map(({ width, height }) => `${width}×${height}`);
  const checks: readonly (readonly [pointer: string, isWrong: boolean, message: string])[] = [
    [
      '#/concepts',
      input.concepts.length > model.max_concepts,
      `must have at most ${model.max_concepts}, the most this model combines; got ${input.concepts.length}`,
    ],
    [
      '#/num_images',
      input.num_images > model.max_images,
      `must be at most ${model.max_images}, got ${input.num_images}`,
    ],
    [
      '#/steps',
      input.steps < model.steps.min || input.steps > model.steps.max,
      `must be ${model.steps.min} to ${model.steps.max}, got ${input.steps}`,
    ],
    [
      '#/sampler',
      !model.samplers.includes(input.sampler),
      `must be one of ${model.samplers.join(', ')}; got ${input.sampler}`,
    ],
    [
      '#/width',
      !sizes.includes(`${input.width}×${input.height}`),
      `and height must be one of ${sizes.join(', ')}; got ${input.width}×${input.height}`,
    ],
    ...input.concepts.flatMap(({ token, words }, i) => [
      [
        '#/prompt',
        findPlaceholders(input.prompt, placeholderSpellings(token)).length === 0,
        `must contain the placeholder ${token} as a word of its own`,
      ] as const,
      [
        `#/concepts/${i}/words`,
        typeof words === 'number' && words >= model.words,
        `must be primary, all, or an index below ${model.words}; got ${words}`,
      ] as const,
    ]),
  ];
  return checks.filter(([, isWrong]) => isWrong).map(([pointer, , message]) => ({ pointer, message }));
}
