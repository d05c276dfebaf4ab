import type { ModelDescription } from '../../shared/model-description.ts';

/** A model of the tiny sizes that tests announce when no worker runs. */
export const testModel: ModelDescription = {
  name: 'test',
  fingerprint: 'test-0123456789abcdef',
  sizes: [
    { width: 64, height: 64 },
    { width: 128, height: 64 },
  ],
  samplers: ['lms', 'ddim', 'dpmpp_2m'],
  steps: { min: 1, max: 200, default: 100 },
  defaults: { sampler: 'lms', guidance_scale: 5, width: 64, height: 64, words: 'primary', negative_prompt: '' },
  max_images: 8,
  max_concepts: 1,
  words: 5,
  embedding: { dim: 8, patches: 16 },
  segmentation: false,
  licence: { name: 'Apache-2.0', url: null, use_restrictions: [] },
};
