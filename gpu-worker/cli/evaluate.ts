import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import type { EliteModel } from '../ml/elite/elite-model.ts';
import { loadModel } from '../ml/elite/load-model.ts';
import { compareInversion } from '../ml/evaluation/toyland/compare-inversion.ts';
import { evaluateToyland } from '../ml/evaluation/toyland/evaluate.ts';
import { forcedChoice } from '../ml/evaluation/toyland/forced-choice.ts';
import { openJudges } from '../ml/evaluation/toyland/open-judges.ts';
import { renderMarkdown, renderReport } from '../ml/evaluation/toyland/report.ts';
import { drawSheets } from '../ml/evaluation/toyland/sheets.ts';
import { mainRow, summarise, summariseInversion } from '../ml/evaluation/toyland/summary.ts';
import { formatConceptTimes, formatGains, formatTable } from '../ml/evaluation/toyland/table.ts';
import { singleLayer, type Variant, variants } from '../ml/evaluation/toyland/variants.ts';
import { follow } from '../ml/pipelines/follow.ts';
import { drawing } from '../ml/training/toyland/drawing.ts';
import { shippedPlan } from '../ml/training/toyland/plan.ts';
import { singleLayerFolder } from '../ml/training/toyland/single-layer.ts';
import { openModelFolder } from '../ml/weights/open-model-folder.ts';
import { shippedJudges, shippedModel } from '../models/shipped-model.ts';
import { wholeNumber } from './option-values.ts';
import { type Bar, createReport, type Terminal } from './terminal.ts';
import { toylandFolder } from './toyland-folder.ts';

type Options = {
  readonly dir?: string;
  readonly model?: string;
  readonly judges?: string;
  readonly singleLayer?: string;
  readonly output: string;
  readonly characters: number;
  readonly tasks: number;
  readonly steps: number;
  readonly inversion: number;
  readonly threads?: number;
};

const HELP = `
Draws characters that training never saw, each from one photo, in places and with changes that prompts ask
for; CLIP and an attribute reader judge the pictures. Writes report.html, the same as README.md with its
sheets of pictures, results.json, and a blind test that anyone can take: choice.png, its answers in
choice-key.json.`;

export function evaluateCommand(terminal: Terminal): Command {
  return new Command('eval').description('measure a model').addCommand(toylandCommand(terminal));
}

function toylandCommand(terminal: Terminal): Command {
  return new Command('toyland')
    .description('measure a toyland model on held-out characters')
    .option('--dir <folder>', 'measure what a training left there, not the model that comes along')
    .option('--judges <folder>', 'reader and CLIP, if they are others')
    .option('--single-layer <folder>', 'the ablation’s model, if it is not the training’s')
    .option('-m, --model <folder>', 'the model, if it is another')
    .option('-o, --output <folder>', 'for the report', 'out/eval')
    .option('--characters <n>', 'how many, of 80', wholeNumber(1, 80), 50)
    .option('--tasks <n>', 'pictures of each in a row', wholeNumber(1), 4)
    .option('--steps <n>', 'denoising steps', wholeNumber(1), shippedPlan().drawingSteps)
    .option('--inversion <n>', 'characters to compare with textual inversion on', wholeNumber(0), 5)
    .option('--threads <n>', 'threads of one operator; one a core when left out', wholeNumber(1))
    .addHelpText('after', HELP)
    .action(async (options: Options, command: Command) => {
      const report = createReport(terminal, command.optsWithGlobals().json === true);
      const { output, characters, tasks, steps, threads } = options;
      const plan = shippedPlan();
      const trained = options.dir === undefined ? null : toylandFolder(options.dir, terminal);
      const modelDir = options.model ?? (trained ? join(trained, 'model') : shippedModel);
      const judgesDir = options.judges ?? trained ?? shippedJudges;
      const model = await loadModel(modelDir, { threads });
      const judges = await openJudges(judgesDir, plan, { tokenizer: model.tokenizer, threads });
      const compare = async () => {
        const bar = report.startBar('textual inversion', options.inversion);
        const run = compareInversion(model, openModelFolder(modelDir), judges, {
          ...drawing,
          steps,
          tasks,
          sizePx: plan.sizePx,
          portraits: evaluation.portraits,
          characters: options.inversion,
          threads,
        });
        return follow(run, (found) => bar.update(found)).finally(() => bar.stop());
      };
      const evaluate = (evaluated: EliteModel, rows: readonly Variant[]) => {
        const bars = new Map<string, Bar>();
        const settings = { ...drawing, steps, sizePx: plan.sizePx, contestants: characters, tasks, variants: rows };
        return follow(evaluateToyland(evaluated, judges, settings), ({ variant, done, total }) => {
          const bar = bars.get(variant) ?? report.startBar(variant, total);
          bars.set(variant, bar);
          bar.update(done);
          if (done === total) bar.stop();
        });
      };
      const ofOneLayer = async (folder: string) => {
        const ablated = await loadModel(folder, { threads });
        return evaluate(ablated, [singleLayer]).finally(() => ablated.release());
      };
      const whole = await evaluate(model, variants);
      const ablation = options.singleLayer ?? (trained && singleLayerFolder(trained));
      const added = ablation && existsSync(ablation) ? (await ofOneLayer(ablation)).rows : [];
      const evaluation = { ...whole, rows: [...whole.rows, ...added] };
      const inversion = options.inversion > 0 ? await compare() : undefined;
      await judges.close();
      await model.release();

      const summary = { ...summarise(evaluation), ...(inversion && summariseInversion(inversion)) };
      const choice = await forcedChoice(mainRow(evaluation.rows), evaluation.portraits, {
        questions: Math.min(20, characters),
        seed: 1,
      });
      const findings = { evaluation, inversion, sheets: await drawSheets(evaluation) };
      const files: readonly (readonly [string, string | Buffer])[] = [
        ['report.html', renderReport(findings)],
        ['README.md', renderMarkdown(findings)],
        ['results.json', `${JSON.stringify(summary, null, 2)}\n`],
        ['choice.png', choice.sheet],
        ['choice-key.json', `${JSON.stringify(choice.key)}\n`],
        ...findings.sheets.map(({ name, png }) => [`${name}.png`, png] as const),
      ];
      await mkdir(output, { recursive: true });
      for (const [name, content] of files) await writeFile(join(output, name), content);
      const tables = [
        formatTable(evaluation),
        formatGains(evaluation),
        ...(inversion ? [formatTable(inversion), formatConceptTimes(inversion)] : []),
        join(output, 'report.html'),
      ];
      report.answer(tables.join('\n\n'), {
        ...summary,
        report: join(output, 'report.html'),
      });
    });
}
