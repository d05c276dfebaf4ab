import { Command, Option } from 'commander';
import { unverifiedNote } from '../ml/elite/targets.ts';
import { type BuildProgress, buildModel } from '../ml/pipelines/build-model.ts';
import { follow } from '../ml/pipelines/follow.ts';
import { PRECISIONS, type Precision } from '../ml/weights/convert-tensor.ts';
import { TARGETS, type Target } from '../ml/weights/model-json.ts';
import { formatBytes } from './format.ts';
import { type ModelOptions, modelFolder, withModelOption } from './model-options.ts';
import { type Bar, createReport, type Report, type Terminal } from './terminal.ts';

type Options = ModelOptions & { readonly precision: Precision; readonly target: Target };

const HELP = `
A checkpoint folder runs as it is; build one only to store it differently. fp16 halves the disk and the
memory that weights take, and moves pictures by less than the eye sees; arithmetic on a CPU stays fp32.
A model built for cuda runs on a GPU only, made of fused operators; with fp16 it computes in fp16 too.
The new folder appears when it is complete, one tensor at a time is in memory, and it needs nothing of
the old one. Its model.json holds the SHA-256 of every file, which "elite verify" checks.

Examples:
  elite build sd-fp16 --precision fp16 --model sd
  elite build sd-cuda --target cuda --precision fp16 --model sd`;

export function buildCommand(terminal: Terminal): Command {
  const command = new Command('build')
    .description('store a model for another machine or in another precision')
    .argument('<folder>', 'where the new model shall be')
    .addOption(new Option('--precision <name>', 'how weights are stored').choices(PRECISIONS).makeOptionMandatory())
    .addOption(new Option('--target <name>', 'what it is to run on').choices(TARGETS).default('portable'));
  return withModelOption(command)
    .addHelpText('after', HELP)
    .action(async (target: string, options: Options) => {
      const report = createReport(terminal, command.optsWithGlobals().json === true);
      const { precision, target: builtFor } = options;
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
