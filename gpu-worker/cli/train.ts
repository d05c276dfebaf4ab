import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type EliteStageName, trainElite } from '../ml/training/photos/train-elite.ts';
import { continuedPlan, shippedPlan } from '../ml/training/toyland/plan.ts';
import { shipToyland } from '../ml/training/toyland/ship-toyland.ts';
import { trainToyland } from '../ml/training/toyland/train-toyland.ts';
import { type ModelOptions, modelFolder, withModelOptions } from './model-options.ts';
import { wholeNumber } from './option-values.ts';
import { createReport, type Terminal } from './terminal.ts';
import { toylandFolder } from './toyland-folder.ts';
import { reportTraining } from './training-report.ts';

const HELP = `
A training goes on where it was stopped: interrupt it and run the same command again. It saves every few
minutes and when it ends, however it ends.`;

export function trainCommand(terminal: Terminal): Command {
  return new Command('train')
    .description('train ELITE’s mapping networks, or a whole small model')
    .addHelpText('after', HELP)
    .addCommand(stageCommand('global', terminal))
    .addCommand(stageCommand('local', terminal))
    .addCommand(toylandCommand(terminal));
}

type StageOptions = ModelOptions & {
  readonly output: string;
  readonly openImages?: 'train' | 'validation' | 'test';
  readonly steps: number;
  readonly batch: number;
  readonly accumulate: number;
  readonly learningRate?: number;
  readonly size: number;
  readonly ema?: number;
  readonly previewEvery?: number;
  readonly seed: number;
};

/** The authors' scripts: batch size, and the learning rate before it is multiplied by all that makes up a step. */
const DEFAULTS = {
  global: { batch: 4, baseRate: 1e-6 },
  local: { batch: 2, baseRate: 1e-5 },
} as const;

const STAGE_HELP = {
  global: `
Maps a photo to words. The photos are JPEG, PNG or WebP, with masks <name>_bg.png beside them (white on
the thing) to cut them to it, or Open Images V6 in the authors' folders (--open-images). The model folder
needs Stable Diffusion and the vision encoder; a global mapper that is there is trained on.

Example:
  elite train global photos/ --model sd -o runs/global`,
  local: `
Adds details to the primary word. Every photo needs its mask <name>_bg.png; the model folder needs the
trained global mapper.

Example:
  elite train local photos/ --model sd -o runs/local`,
};

function stageCommand(name: EliteStageName, terminal: Terminal): Command {
  const { batch, baseRate } = DEFAULTS[name];
  return withModelOptions(new Command(name))
    .description(`train the ${name} mapping network on photos`)
    .argument('<photos>', 'a folder of photos, or of Open Images')
    .requiredOption('-o, --output <folder>', 'for checkpoint, log and the trained mapper')
    .addOption(
      new Option('--open-images <set>', 'the folder is Open Images V6').choices(['train', 'validation', 'test']),
    )
    .option('--steps <n>', 'in all', wholeNumber(1), 200_000)
    .option('--batch <n>', 'photos a batch', wholeNumber(1), batch)
    .option('--accumulate <n>', 'batches a step', wholeNumber(1), 4)
    .option('--learning-rate <rate>', `as applied; ${baseRate} · batch · accumulate when left out`, positiveNumber)
    .option('--size <pixels>', 'side of the pictures that are denoised', wholeNumber(1), 512)
    .option('--preview-every <steps>', 'draw the first photos in new places so often', wholeNumber(1))
    .option('--ema <decay>', 'keep a moving average of the weights, and write that', positiveNumber)
    .option('--seed <n>', 'where chance starts', wholeNumber(0), 1)
    .addHelpText('after', STAGE_HELP[name])
    .action(async (photos: string, options: StageOptions, command: Command) => {
      const report = createReport(terminal, command.optsWithGlobals().json === true);
      const { accumulate, output, openImages } = options;
      const progress = reportTraining(output, report, terminal);
      const training = trainElite(name, {
        modelFolder: modelFolder(options, terminal),
        data: openImages ? { openImages: photos, set: openImages } : { folder: photos },
        outFolder: output,
        steps: options.steps,
        batchSize: options.batch,
        accumulate,
        learningRate: options.learningRate ?? baseRate * options.batch * accumulate,
        sizePx: options.size,
        averageDecay: options.ema,
        previewEverySteps: options.previewEvery,
        seed: options.seed,
        threads: options.threads,
        signal: terminal.signal,
      });
      try {
        for await (const step of training) progress.step(step);
      } finally {
        progress.stop();
      }
      terminal.signal.throwIfAborted();
      const file = join(output, `${name}_mapper.pt`);
      report.answer(`${file}: trained for ${options.steps} steps`, { file, steps: options.steps });
    });
}

type ToylandOptions = {
  readonly seed: number;
  readonly threads?: number;
  readonly dir?: string;
  readonly from?: string;
  readonly ship?: string;
  readonly ablation?: boolean;
};

const TOYLAND_HELP = `
Draws 60 000 pictures of a world of small characters and trains VAE, CLIP, UNet and both mapping networks
on them, each after the other: hours on a few cores. A stage that misses its measure stops the training.
With --from a finished model learns the pictures as they are now, in a quarter of the time.`;

function toylandCommand(terminal: Terminal): Command {
  return new Command('toyland')
    .description('train the embedded model from nothing')
    .option('--seed <n>', 'where chance starts', wholeNumber(0), 1)
    .option('--threads <n>', 'threads of one operator; one a core when left out', wholeNumber(1))
    .option('--dir <folder>', 'for pictures, checkpoints and the model; ELITE_TRAIN_DIR, else in the user’s cache')
    .option('--from <model>', 'go on from a finished model, with its judges beside it, not from nothing')
    .option('--ablation', 'then train the global mapping once more on a single layer, for eval to compare')
    .option('--ship <folder>', 'when all is done, write the model there in half precision, with a card')
    .addHelpText('after', TOYLAND_HELP)
    .action(async ({ seed, threads, dir, from, ship, ablation }: ToylandOptions, command: Command) => {
      const report = createReport(terminal, command.optsWithGlobals().json === true);
      const { signal } = terminal;
      const folder = toylandFolder(dir, terminal);
      const plan = from === undefined ? shippedPlan() : continuedPlan();
      const progress = reportTraining(folder, report, terminal);
      try {
        for await (const event of trainToyland(folder, plan, { seed, threads, from, ablation, signal })) {
          if (event.kind === 'drawn') progress.part(`drawing ${event.album}`, event.done, event.total);
          else if (event.kind === 'measured') progress.line(event.stage, event.metrics);
          else progress.step(event);
        }
      } finally {
        progress.stop();
      }
      signal.throwIfAborted();
      if (ship !== undefined) shipToyland(folder, ship, { plan, seed, from });
      const model = ship ?? join(folder, 'model');
      report.answer(`${model}: trained`, { model });
    });
}

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a positive number.');
  return value;
}
