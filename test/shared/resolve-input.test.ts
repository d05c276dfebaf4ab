import { describe, expect, it } from 'vitest';
import { generationInputSchema } from '../../shared/generation.ts';
import { type GenerationChoices, inputErrors, resolveInput } from '../../shared/resolve-input.ts';
import { testModel } from './test-model.ts';

const choices: GenerationChoices = {
  prompt: 'a S* in the snow',
  concepts: [{ concept: 'dog', token: 'S*' }],
  num_images: 1,
  format: 'png',
};

describe('what a request leaves open', () => {
  it('is filled with the model’s defaults, λ by the paper’s rule, and the seed that is drawn', () => {
    const input = resolveInput(choices, testModel, () => 7);
    expect(generationInputSchema.parse(input)).toMatchObject({
      seed: 7,
      steps: 100,
      sampler: 'lms',
      guidance_scale: 5,
      guidance_interval: { from: 0, to: 1 },
      reuse: 1,
      width: 64,
      height: 64,
      concepts: [{ strength: 0.6, words: 'primary' }],
    });
    expect(resolveInput({ ...choices, prompt: 'a photo of a S*' }, testModel).concepts[0].strength).toBe(0.8);
  });

  it('is kept where it was chosen, zeroes included', () => {
    const chosen = {
      seed: 0,
      steps: 3,
      sampler: 'ddim',
      guidance_scale: 0,
      width: 128,
      negative_prompt: 'blurry',
    } as const;
    const concepts = [{ concept: 'dog', token: 'S*', strength: 0, words: 0 }];
    expect(resolveInput({ ...choices, ...chosen, concepts }, testModel)).toMatchObject({ ...chosen, concepts });
  });

  it('is a seed below 2³² when nobody draws it', () => {
    const seeds = Array.from({ length: 50 }, () => resolveInput(choices, testModel).seed);
    expect(new Set(seeds).size).toBeGreaterThan(40);
    for (const seed of seeds) expect(generationInputSchema.shape.seed.safeParse(seed).success).toBe(true);
  });
});

it('everything the model cannot do is told at once, by field', () => {
  const input = resolveInput(
    {
      ...choices,
      prompt: 'a dog',
      steps: 201,
      width: 65,
      sampler: 'euler',
      num_images: 9,
      concepts: [
        { concept: 'dog', token: 'S*', words: 5 },
        { concept: 'cat', token: 'T*' },
      ],
    },
    testModel,
  );
  expect(inputErrors(input, testModel).map(({ pointer }) => pointer)).toEqual([
    '#/concepts',
    '#/num_images',
    '#/steps',
    '#/sampler',
    '#/width',
    '#/prompt',
    '#/concepts/0/words',
    '#/prompt',
  ]);
  expect(inputErrors(resolveInput(choices, testModel), testModel)).toEqual([]);
  expect(inputErrors({ steps: 201, height: 65 }, testModel).map(({ pointer }) => pointer)).toEqual([
    '#/steps',
    '#/width',
  ]);
});
