import type { GenerationInput } from '../../../shared/generation.ts';
import type { ConceptEmbedding } from '../elite/concept.ts';
import type { GenerateRequest } from './generate.ts';

/** A generation's input; wherever its concepts' embeddings may come from. */
type Input = Omit<GenerationInput, 'concepts' | 'format'> & {
  readonly concepts: readonly Omit<GenerationInput['concepts'][number], 'concept'>[];
};

/** What the API calls a generation's input, as the pipeline takes it; `embeddings` are its concepts' own, in their order. */
export function generationRequest(input: Input, embeddings: readonly ConceptEmbedding[]): GenerateRequest {
  const { prompt, seed, steps, sampler, reuse, width, height, guidance_interval: interval } = input;
  return {
    prompt,
    concepts: input.concepts.map(({ token, strength, words }, index) => ({
      embedding: embeddings[index],
      token,
      strength,
      words,
    })),
    negativePrompt: input.negative_prompt,
    seed,
    steps,
    sampler,
    guidanceScale: input.guidance_scale,
    guidanceInterval: [interval.from, interval.to],
    reuse,
    numImages: input.num_images,
    width,
    height,
  };
}
