import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export const USAGE =
  'npm run demo [-- --image photo.jpg] [--mask mask.png] [--prompt "a S* in the snow"] [--steps N] [--images N] [--seed N] [--out folder]';

/** A drawn creature and where it is in the picture. */
const picture = (name: string) =>
  fileURLToPath(new URL(`../../../test/fixtures/reference/pictures/${name}`, import.meta.url));

export type DemoOptions = {
  readonly photoFile: string;
  readonly maskFile: string | null;
  readonly prompt: string;
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
      prompt: { type: 'string', default: 'a S* in the snow' },
      steps: { type: 'string' },
      images: { type: 'string', default: '3' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string', default: 'out' },
    },
  });
  const ownPhoto = values.image !== undefined;
  return {
    photoFile: values.image ?? picture('creature.png'),
    maskFile: values.mask ?? (ownPhoto ? null : picture('creature_bg.png')),
    prompt: values.prompt,
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
