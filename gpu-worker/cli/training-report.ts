import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StageProgress } from '../ml/training/stage.ts';
import type { Bar, Report, Terminal } from './terminal.ts';

/** A line of the log sums up this many steps. */
const LOG_EVERY_STEPS = 20;

/** Shows a training as it goes on. */
export type TrainingReport = {
  step(progress: StageProgress): void;
  /** Progress of what is not a step. */
  part(title: string, done: number, total: number): void;
  /** A line of its own: `what` of a stage and its numbers. */
  line(stage: string, numbers: Readonly<Record<string, number>>): void;
  stop(): void;
};

/** A bar where somebody watches, the log's lines elsewhere; the log itself is `log.jsonl` in `folder`, one line of JSON for 20 steps. */
export function reportTraining(folder: string, report: Report, { stderr }: Terminal): TrainingReport {
  mkdirSync(folder, { recursive: true });
  let bar: { title: string; bar: Bar } | undefined;
  let window: StageProgress[] = [];
  const part = (title: string, done: number, total: number, detail?: string) => {
    if (bar?.title !== title) {
      bar?.bar.stop();
      bar = { title, bar: report.startBar(title, total) };
    }
    bar.bar.update(done, detail);
  };
  const line = (stage: string, numbers: Readonly<Record<string, number>>) => {
    const text = JSON.stringify({ time: new Date().toISOString(), stage, ...numbers });
    appendFileSync(join(folder, 'log.jsonl'), `${text}\n`);
    if (!stderr.isTTY) report.note(text);
  };
  return {
    part,
    line,
    step(progress) {
      const { stage, step, steps, losses } = progress;
      part(stage, step, steps, `loss ${losses.loss.toPrecision(4)}`);
      window.push(progress);
      if (step % LOG_EVERY_STEPS !== 0 && step !== steps) return;
      line(stage, summarise(window));
      window = [];
    },
    stop: () => bar?.bar.stop(),
  };
}

/** The last step's number and rate, and the means of everything else. */
function summarise(steps: readonly StageProgress[]): Record<string, number> {
  const last = steps.at(-1)!;
  const mean = (read: (progress: StageProgress) => number) =>
    Number((steps.reduce((sum, progress) => sum + read(progress), 0) / steps.length).toPrecision(5));
  const losses = Object.keys(last.losses).map((name) => [name, mean(({ losses }) => losses[name])] as const);
  return {
    step: last.step,
    ...Object.fromEntries(losses),
    gradientNorm: mean(({ gradientNorm }) => gradientNorm),
    learningRate: last.learningRate,
    seconds: mean(({ seconds }) => seconds),
  };
}
