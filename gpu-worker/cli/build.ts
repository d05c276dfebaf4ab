import { Command, Option } from 'commander';
import { targets, unverifiedNote } from '../ml/elite/targets.ts';
import { type BuildProgress, buildModel } from '../ml/pipelines/build-model.ts';
import { follow } from '../ml/pipelines/follow.ts';
import { TARGETS, type Target } from '../ml/weights/model-json.ts';
import { PRECISIONS, type Precision } from '../ml/weights/precision.ts';
import { formatBytes } from './format.ts';
import { type ModelOptions, modelFolder, withModelOption } from './model-options.ts';
import { type Bar, createReport, type Report, type Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

type Options = ModelOptions & { readonly precision?: Precision; readonly int8?: true; readonly target: Target };

const HELP = `
A checkpoint folder runs as it is; build one only to store it differently. fp16 halves the disk and the
memory that weights take, and moves pictures by less than the eye sees; arithmetic on a CPU stays fp32.
int8 computes most of the UNet in integers: a denoising step takes little more than half the time on a
CPU with VNNI, and pictures differ visibly; "elite verify --against" says how much.
A model built for cuda runs on a GPU only, made of fused operators; with fp16 it computes in fp16 too.
The new folder appears when it is complete, one tensor at a time is in memory, and it needs nothing of
the old one. Its model.json holds the SHA-256 of every file, which "elite verify" checks.

Examples:
  elite build sd-fp16 --precision fp16 --model sd
  elite build sd-int8 --int8 --model sd
  elite build sd-cuda --target cuda --precision fp16 --model sd`;

export function buildCommand(terminal: Terminal): Command {
  const command = new Command('build')
    .description('store a model for another machine or in another precision')
    .argument('<folder>', 'where the new model shall be')
    .addOption(new Option('--precision <name>', 'how weights are stored').choices(PRECISIONS))
    .addOption(new Option('--int8', 'short for --precision int8').conflicts('precision'))
    .addOption(new Option('--target <name>', 'what it is to run on').choices(TARGETS).default('portable'));
  return withModelOption(command)
    .addHelpText('after', HELP)
    .action(async (target: string, options: Options) => {
      const report = createReport(terminal, command.optsWithGlobals().json === true);
      const { target: builtFor } = options;
      const precision = choosePrecision(options);
      const note = unverifiedNote(builtFor);
      if (note) report.note(note);
      const progress = showProgress(report);
      const build = buildModel(modelFolder(options, terminal), target, {
        precision,
        target: builtFor,
        signal: terminal.signal,
      });
      const { fingerprint } = await follow(build, progress.show).finally(progress.stop);
      report.answer(`${target}: ${precision}, fingerprint ${fingerprint}`, {
        folder: target,
        target: builtFor,
        precision,
        model: fingerprint,
      });
    });
}

/** @throws UsageError where none is named, or one that the target does not run. */
function choosePrecision({ precision, int8, target }: Options): Precision {
  const { precisions } = targets[target];
  const chosen = int8 ? 'int8' : precision;
  if (chosen === undefined) throw new UsageError(`expected --precision ${precisions.join(' or ')}, or --int8`);
  if (!precisions.includes(chosen))
    throw new UsageError(`expected --precision ${precisions.join(' or ')} for ${target}, got ${chosen}`);
  return chosen;
}

const TITLES = { convert: 'Converting', check: 'Checking' } as const;

function showProgress(report: Report): { show(event: BuildProgress): void; stop(): void } {
  let bar: Bar | undefined;
  let stage: BuildProgress['stage'] | undefined;
  return {
    show: (event) => {
      if (event.stage !== stage) {
        bar?.stop();
        stage = event.stage;
        bar = report.startBar(TITLES[stage], event.totalBytes, formatBytes);
      }
      bar?.update(event.doneBytes, event.path);
    },
    stop: () => bar?.stop(),
  };
}
