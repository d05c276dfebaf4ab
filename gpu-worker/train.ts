import { appendFileSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { shippedPlan } from './ml/training/toyland/plan.ts';
import { type ToylandProgress, trainToyland } from './ml/training/toyland/train-toyland.ts';

const usage = `npm run train -- toyland [--seed 1] [--threads 2] [--dir FOLDER]

Trains the toyland model from nothing, or goes on where it was stopped (Ctrl-C or SIGTERM saves first).
FOLDER, by default ELITE_TRAIN_DIR or a folder of the user's cache, holds pictures, checkpoints, logs and the model.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    threads: { type: 'string' },
    dir: { type: 'string' },
    help: { type: 'boolean' },
  },
});

if (values.help || positionals.length !== 1 || positionals[0] !== 'toyland') {
  console.error(usage);
  process.exit(values.help ? 0 : 2);
}

const cacheFolder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'elite-edge');
const folder = join(resolve(values.dir ?? process.env.ELITE_TRAIN_DIR ?? cacheFolder), 'toyland');
const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());

/** A line of the log sums up this many steps. */
const logEverySteps = 20;

const bar = new SingleBar({ format: '{stage} {bar} {value}/{total} {text}', hideCursor: true, noTTYOutput: false });
let stage = '';
let window: Extract<ToylandProgress, { kind: 'step' }>[] = [];

mkdirSync(folder, { recursive: true });
const threads = values.threads === undefined ? undefined : Number(values.threads);
for await (const progress of trainToyland(folder, shippedPlan(), {
  seed: Number(values.seed),
  threads,
  signal: controller.signal,
})) {
  if (progress.kind === 'drawn') show('drawing', progress.done, progress.total, '');
  else if (progress.kind === 'measured') writeLine({ stage: progress.stage, ...progress.metrics });
  else logStep(progress);
}
bar.stop();

function logStep(progress: Extract<ToylandProgress, { kind: 'step' }>): void {
  show(progress.stage, progress.step, progress.steps, `loss ${progress.losses.loss.toPrecision(4)}`);
  window.push(progress);
  if (progress.step % logEverySteps !== 0 && progress.step !== progress.steps) return;
  const mean = (read: (step: (typeof window)[number]) => number) =>
    Number((window.reduce((sum, step) => sum + read(step), 0) / window.length).toPrecision(5));
  const losses = Object.keys(progress.losses).map((name) => [name, mean((step) => step.losses[name])]);
  writeLine({
    stage: progress.stage,
    step: progress.step,
    ...Object.fromEntries(losses),
    gradientNorm: mean((step) => step.gradientNorm),
    learningRate: progress.learningRate,
    seconds: mean((step) => step.seconds),
  });
  window = [];
}

/** A bar on a terminal, the log's own lines elsewhere. */
function writeLine(line: Record<string, string | number>): void {
  const text = JSON.stringify({ time: new Date().toISOString(), ...line });
  appendFileSync(join(folder, 'log.jsonl'), `${text}\n`);
  if (!process.stderr.isTTY) console.log(text);
}

function show(name: string, value: number, total: number, text: string): void {
  if (!process.stderr.isTTY) return;
  if (name !== stage) {
    bar.stop();
    bar.start(total, value, { stage: name, text });
    stage = name;
  } else bar.update(value, { text });
}
