import type { ModelDescription } from '../../../shared/model-description.ts';
import { resolveInput } from '../../../shared/resolve-input.ts';
import type { NewGeneration } from '../../durable-objects/account/generations.ts';
import { newGeneration } from '../generations/generation-job.ts';
import { generationRequestSchema } from '../generations/generation-request.ts';
import { DEFAULT_START_WITHIN_MS } from '../job-times.ts';

/** Enough for a card, and cheap: most of the picture is there. */
const SAMPLE_STEPS = 20;

/** Good with few steps; where the model has it not, its default will do. */
const SAMPLE_SAMPLER = 'dpmpp_2m';

/**
 * The picture on a share's page, drawn with the concept: the photo itself is never shown. JPEG is what previews read.
 */
export function sampleJob(
  accountId: string,
  { id, embeddingKey }: { id: string; embeddingKey: string },
  model: ModelDescription,
  nowMs: number,
): NewGeneration {
  const { steps, samplers, defaults } = model;
  const request = generationRequestSchema.parse({
    prompt: 'a photo of a S*',
    concepts: [{ concept: id }],
    seed: 0,
    steps: Math.min(Math.max(SAMPLE_STEPS, steps.min), steps.max),
    sampler: samplers.includes(SAMPLE_SAMPLER) ? SAMPLE_SAMPLER : defaults.sampler,
    format: 'jpeg',
  });
  return newGeneration(
    {
      accountId,
      endUser: null,
      input: resolveInput(request, model),
      embeddingKeys: [embeddingKey],
      metadata: {},
      retainSeconds: null,
      model,
      terms: { startWithinMs: DEFAULT_START_WITHIN_MS, shares: [], webhook: null },
      traceparent: null,
      idempotencyKey: null,
    },
    nowMs,
  );
}
