import { type Command, InvalidArgumentError } from 'commander';
import {
  type GenerationInput,
  generationInputSchema,
  guidanceIntervalSchema,
  guidanceScaleSchema,
  imageFormatSchema,
  MAX_IMAGES,
  reuseSchema,
  seedSchema,
  strengthSchema,
} from '../../shared/generation.ts';
import { type ModelDescription, samplerSchema, type Words, wordsSchema } from '../../shared/model-description.ts';
import { DEFAULT_PLACEHOLDER, placeholderTokenSchema } from '../../shared/placeholder.ts';
import { inputErrors, resolveInput } from '../../shared/resolve-input.ts';
import { fieldOf, wholeNumber } from './option-values.ts';
import { UsageError } from './usage-error.ts';

/** What the user chose; what is left out is the model's to fill in. */
export type GenerationOptions = {
  readonly concept: string;
  readonly token: string;
  readonly strength?: number;
  readonly words?: Words;
  readonly negative?: string;
  readonly images: number;
  readonly seed?: number;
  readonly steps?: number;
  readonly sampler?: GenerationInput['sampler'];
  readonly guidance?: number;
  readonly guidedSteps?: GenerationInput['guidance_interval'];
  readonly reuse?: number;
  readonly size?: { readonly width: number; readonly height: number };
  readonly format: GenerationInput['format'];
};

export function withGenerationOptions(command: Command): Command {
  return command
    .requiredOption('--concept <file>', 'what S* stands for, as "elite encode" wrote it')
    .option('--token <text>', 'how the prompt writes the concept', fieldOf(placeholderTokenSchema), DEFAULT_PLACEHOLDER)
    .option('--strength <λ>', 'weight of the concept’s details', fieldOf(strengthSchema))
    .option('--words <which>', 'primary, all, or an index', fieldOf(wordsSchema))
    .option('--negative <prompt>', 'what not to draw')
    .option('--images <n>', 'how many', wholeNumber(1, MAX_IMAGES), 1)
    .option('--seed <n>', 'where chance starts', fieldOf(seedSchema))
    .option('--steps <n>', 'denoising steps', wholeNumber(1))
    .option('--sampler <name>', samplerSchema.options.join(', '), fieldOf(samplerSchema))
    .option('--guidance <scale>', 'how closely to follow the prompt', fieldOf(guidanceScaleSchema))
    .option('--guided-steps <from-to>', 'which part of the run is guided, such as 0-0.6', parseInterval)
    .option('--reuse <n>', 'run the network’s inner layers at every nth step only', fieldOf(reuseSchema))
    .option('--size <WxH>', 'one of the model’s sizes, such as 512x512', parseSize)
    .option('--format <name>', imageFormatSchema.options.join(', '), fieldOf(imageFormatSchema), 'png');
}

function parseSize(text: string): { width: number; height: number } {
  const [, width, height] = /^(\d+)[x×](\d+)$/.exec(text) ?? [];
  if (width === undefined) throw new InvalidArgumentError('Expected a size such as 512x512.');
  return { width: Number(width), height: Number(height) };
}

/** Two shares of the run; the schema of the API judges them. */
function parseInterval(text: string): GenerationInput['guidance_interval'] {
  const [, from, to] = /^([\d.]+)-([\d.]+)$/.exec(text) ?? [];
  const interval = guidanceIntervalSchema.safeParse({ from: Number(from), to: Number(to) });
  if (!interval.success) throw new InvalidArgumentError('Expected two shares of the run, such as 0-0.6.');
  return interval.data;
}

/** The input as it will run. @throws UsageError naming everything that the API or this model does not take. */
export function resolveOptions(
  prompt: string,
  options: GenerationOptions,
  description: ModelDescription,
): GenerationInput {
  const { concept, token, strength, words } = options;
  const choices = {
    prompt,
    concepts: [{ concept, token, strength, words }],
    negative_prompt: options.negative,
    num_images: options.images,
    seed: options.seed,
    steps: options.steps,
    sampler: options.sampler,
    guidance_scale: options.guidance,
    guidance_interval: options.guidedSteps,
    reuse: options.reuse,
    ...options.size,
    format: options.format,
  };
  const input = generationInputSchema.safeParse(resolveInput(choices, description));
  if (!input.success)
    throw new UsageError(input.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
  const errors = inputErrors(input.data, description);
  if (errors.length > 0)
    throw new UsageError(
      errors.map(({ pointer, message }) => `${pointer.slice(2).replaceAll('/', '.')} ${message}`).join('\n'),
    );
  return input.data;
}
