import { parseArgs } from 'node:util';

export const USAGE =
  'npm run demo [-- --image photo.jpg] [--mask mask.png] [--prompt "a S* in the snow"]… [--steps N] [--images N] [--seed N] [--out folder]';

const PROMPTS = ['a S* in the snow', 'a S* on the beach', 'a S* wearing a red hat', 'a purple S*'];

export type DemoOptions = {
  /** Without one the demo draws its own. */
  readonly photoFile: string | null;
  readonly maskFile: string | null;
  readonly prompts: readonly string[];
  /** Of each prompt. */
  readonly numImages: number;
  readonly steps?: number;
  readonly seed?: number;
  readonly outDir: string;
};

/** Throws when an option is unknown or no number; what the numbers may be is for the service to say. */
export function readArguments(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      image: { type: 'string' },
      mask: { type: 'string' },
      prompt: { type: 'string', multiple: true, default: PROMPTS },
      steps: { type: 'string' },
      images: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: 'out' },
    },
  });
  if (values.image === undefined && values.mask !== undefined)
    throw new Error('--mask: expected --image with it, got none');
  return {
    photoFile: values.image ?? null,
    maskFile: values.mask ?? null,
    prompts: values.prompt,
    numImages: numberOf('images', values.images),
    seed: numberOf('seed', values.seed),
    steps: values.steps === undefined ? undefined : numberOf('steps', values.steps),
    outDir: values.out,
  };
}

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (text.trim() === '' || Number.isNaN(number)) {
    throw new Error(`--${option}: expected a number, got "${text}"`);
  }
  return number;
}
