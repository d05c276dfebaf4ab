import { Command } from 'commander';
import { follow } from '../ml/pipelines/follow.ts';
import { type Check, type VerifyProgress, verifyModel } from '../ml/pipelines/verify-model.ts';
import { AnsweredFailure } from './answered-failure.ts';
import { formatBytes, formatDuration } from './format.ts';
import { type ModelOptions, modelFolder, withModelOptions } from './model-options.ts';
import { type Bar, createReport, type Report, type Terminal } from './terminal.ts';

type Options = ModelOptions & { readonly reference?: string; readonly against?: string };

const HELP = `
Reads every byte and runs every stage: files against model.json where there is one, names and shapes,
values, loading, a concept from a photo, a picture of it. With --reference each stage's numbers are
compared with tensors that the authors' code gave for this very model (golden/ and pictures/ in the
folder). With --against another form of the same model draws the picture too, and the two are compared.
Fails if anything does, and says what.

Examples:
  elite verify --model sd
  elite verify --model sd-int8 --against sd`;

export function verifyCommand(terminal: Terminal): Command {
  const command = new Command('verify')
    .description('check a model and run every stage of it')
    .option('--reference <folder>', 'golden tensors of this model')
    .option('--against <folder>', 'another form of this model, whose picture its own is compared with');
  return withModelOptions(command)
    .addHelpText('after', HELP)
    .action(async ({ reference, against, threads, ...options }: Options) => {
      const report = createReport(terminal, command.optsWithGlobals().json === true);
      const folder = modelFolder(options, terminal);
      const progress = showProgress(report);
      const verifying = verifyModel(folder, { reference, against, threads, signal: terminal.signal });
      const checks = await follow(verifying, progress.show).finally(progress.stop);
      const failed = checks.filter(({ passed }) => !passed);
      report.answer(checks.map(formatCheck).join('\n'), {
        passed: failed.length === 0,
        checks: checks.map(({ durationMs, ...check }) => ({ ...check, duration_ms: Math.round(durationMs) })),
      });
      if (failed.length > 0) throw new AnsweredFailure(`${folder} fails ${failed.map(({ name }) => name).join(', ')}`);
    });
}

function formatCheck({ name, passed, detail, durationMs }: Check): string {
  const duration = durationMs < 1 ? '' : ` (${formatDuration(durationMs)})`; // a comparison of numbers that are there
  return `${passed ? '✓' : '✗'} ${name}: ${detail}${duration}`;
}

function showProgress(report: Report): { show(event: VerifyProgress): void; stop(): void } {
  let bar: Bar | undefined;
  return {
    show: (event) => {
      if (event.type === 'bytes') {
        bar ??= report.startBar(`Reading ${event.name}`, event.totalBytes, formatBytes);
        bar.update(event.doneBytes);
      } else {
        bar?.stop();
        bar = undefined;
      }
    },
    stop: () => bar?.stop(),
  };
}
