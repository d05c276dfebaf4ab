import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { copyHalved, halveFile } from '../halve-weights.ts';
import { clipFile } from './clip-recipe.ts';
import { modelCard } from './model-card.ts';
import type { ToylandPlan } from './plan.ts';
import { readerFile } from './reader.ts';
import type { Metrics } from './recipe.ts';
import { recipes } from './train-toyland.ts';
import { judgesBeside } from './warm-start.ts';

/** Where whoever steps in while a training runs says so. */
const notesName = 'notes.md';

/**
 * Makes of a finished training what the repository ships: the model in half precision with its card in `out`, and the judges it was measured by
 * beside it in `<out>-judges`. What is there already is replaced. The folder's `notes.md` goes into the card.
 *
 * @throws Error naming the first stage that is not finished.
 */
export function shipToyland(
  folder: string,
  out: string,
  { plan, seed, from }: { plan: ToylandPlan; seed: number; from?: string },
): void {
  const results = new Map<string, Metrics>(
    recipes.map(({ name }) => {
      const file = join(folder, name, 'result.json');
      if (!existsSync(file)) throw new Error(`${folder}: expected a finished training, got none of stage ${name}`);
      return [name, JSON.parse(readFileSync(file, 'utf8'))];
    }),
  );
  const judges = judgesBeside(out);
  for (const target of [out, judges]) rmSync(target, { recursive: true, force: true });
  copyHalved(join(folder, 'model'), out);
  for (const file of [readerFile, clipFile]) {
    mkdirSync(dirname(file(judges)), { recursive: true });
    copyFileSync(file(folder), file(judges));
    halveFile(file(judges));
  }
  const hours = hoursOf(join(folder, 'log.jsonl'));
  const evaluation = `${basename(out)}-evaluation`;
  const notesFile = join(folder, notesName);
  const notes = existsSync(notesFile) ? readFileSync(notesFile, 'utf8') : '';
  writeFileSync(join(out, 'README.md'), modelCard({ plan, seed, from, results, hours, evaluation, notes }));
}

/** The time each stage's steps took, from the training's log. */
function hoursOf(logFile: string): ReadonlyMap<string, number> {
  const hours = new Map<string, number>();
  const lastStep = new Map<string, number>();
  for (const line of readFileSync(logFile, 'utf8').trimEnd().split('\n')) {
    const { stage, step, seconds } = JSON.parse(line);
    if (step === undefined) continue;
    const steps = step - (lastStep.get(stage) ?? 0);
    lastStep.set(stage, step);
    hours.set(stage, (hours.get(stage) ?? 0) + (Math.max(0, steps) * seconds) / 3600);
  }
  return hours;
}
