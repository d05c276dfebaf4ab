import { defaultStrength } from './default-strength.ts';
import type { GenerationInput } from './generation.ts';
import type { ModelDescription } from './model-description.ts';
import { findPlaceholders, placeholderSpellings } from './placeholder.ts';
import { crypto } from './web-standards.ts';

type ConceptInput = GenerationInput['concepts'][number];

/** What whoever asks for pictures must choose, and may. */
export type GenerationChoices = Pick<GenerationInput, 'prompt' | 'num_images' | 'format'> &
  Partial<Omit<GenerationInput, 'concepts'>> & {
    readonly concepts: readonly (Pick<ConceptInput, 'concept' | 'token'> & Partial<ConceptInput>)[];
  };

const WHOLE_RUN: GenerationInput['guidance_interval'] = { from: 0, to: 1 };
const NO_REUSE = 1;

/** What is wrong with a field, which `pointer` names. */
export type InputError = { readonly pointer: string; readonly message: string };

/** Fills in the model's defaults, λ by the paper's rule, and a seed. */
export function resolveInput(
  request: GenerationChoices,
  model: ModelDescription,
  drawSeed: () => number = randomSeed,
): GenerationInput {
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
    seed: request.seed ?? drawSeed(),
    steps: request.steps ?? model.steps.default,
    sampler: request.sampler ?? defaults.sampler,
    guidance_scale: request.guidance_scale ?? defaults.guidance_scale,
    guidance_interval: request.guidance_interval ?? WHOLE_RUN,
    reuse: request.reuse ?? NO_REUSE,
    width: request.width ?? defaults.width,
    height: request.height ?? defaults.height,
    format: request.format,
  };
}

/** Any of 0 … 2³² − 1. */
function randomSeed(): number {
  return new DataView(crypto.getRandomValues(new Uint8Array(4)).buffer).getUint32(0);
}

/** What there is of an input. */
export type InputParts = {
  readonly [field in Exclude<keyof GenerationInput, 'concepts'>]?: GenerationInput[field] | undefined;
} & {
  readonly concepts?: readonly { readonly token?: string; readonly words?: ConceptInput['words'] | undefined }[];
};

/** Everything about an input that this model cannot do, by field; what is missing is not judged. */
export function inputErrors(input: InputParts, model: ModelDescription): InputError[] {
  const {
    prompt,
    concepts = [],
    num_images = 1,
    steps = model.steps.default,
    sampler = model.defaults.sampler,
  } = input;
  const { width = model.defaults.width, height = model.defaults.height } = input;
  const sizes = model.sizes.map(({ width, height }) => `${width}×${height}`);
  const checks: readonly (readonly [pointer: string, isWrong: boolean, message: string])[] = [
    [
      '#/concepts',
      concepts.length > model.max_concepts,
      `must have at most ${model.max_concepts}, the most this model combines; got ${concepts.length}`,
    ],
    ['#/num_images', num_images > model.max_images, `must be at most ${model.max_images}, got ${num_images}`],
    [
      '#/steps',
      steps < model.steps.min || steps > model.steps.max,
      `must be ${model.steps.min} to ${model.steps.max}, got ${steps}`,
    ],
    ['#/sampler', !model.samplers.includes(sampler), `must be one of ${model.samplers.join(', ')}; got ${sampler}`],
    [
      '#/width',
      !sizes.includes(`${width}×${height}`),
      `and height must be one of ${sizes.join(', ')}; got ${width}×${height}`,
    ],
    ...concepts.flatMap(({ token, words }, i) => [
      [
        '#/prompt',
        prompt !== undefined &&
          token !== undefined &&
          findPlaceholders(prompt, placeholderSpellings(token)).length === 0,
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
