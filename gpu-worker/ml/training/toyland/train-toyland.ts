import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runStage, type StageProgress } from '../stage.ts';
import { openAlbum, writeAlbum } from './album.ts';
import { sizePx } from './networks.ts';
import type { Metrics, Recipe, ToylandContext } from './recipe.ts';
import { vaeRecipe } from './vae-recipe.ts';

export type ToylandProgress =
  | { kind: 'album'; done: number; total: number }
  | ({ kind: 'step' } & StageProgress)
  | { kind: 'measured'; stage: string; metrics: Metrics };

/** A stage fell short of what the next ones need. */
export class GateError extends Error {
  override readonly name = 'GateError';
}

const recipes: readonly Recipe[] = [vaeRecipe];
const characters = 10_000;

/**
 * Draws toyland's pictures and trains a model on them, stage after stage, from wherever an earlier call left `folder`. The same seed gives
 * the same model on the same machine, in one go or in pieces. Ends early, saved, when `signal` aborts.
 *
 * @throws GateError when a stage misses its measure; its weights stay for a look.
 */
export async function* trainToyland(
  folder: string,
  { seed, threads, signal }: { seed: number; threads?: number; signal?: AbortSignal },
): AsyncGenerator<ToylandProgress> {
  const albumFolder = join(folder, 'album');
  if (!existsSync(join(albumFolder, 'album.json'))) {
    for await (const done of writeAlbum(albumFolder, { seed, split: 'train', characters, sizePx })) {
      yield { kind: 'album', done, total: characters };
      if (signal?.aborted) return;
    }
  }
  const album = await openAlbum(albumFolder);
  const context: ToylandContext = { album, modelFolder: join(folder, 'model'), seed, threads };
  try {
    for (const recipe of recipes) {
      const resultFile = join(folder, recipe.name, 'result.json');
      let metrics: Metrics;
      if (existsSync(resultFile)) {
        metrics = JSON.parse(readFileSync(resultFile, 'utf8'));
      } else {
        const stage = recipe.stage(context);
        const run = runStage(stage, { folder: join(folder, recipe.name), threads, signal });
        let turn = await run.next();
        for (; !turn.done; turn = await run.next()) yield { kind: 'step', ...turn.value };
        if (signal?.aborted) return;
        metrics = await recipe.finish(context, stage, turn.value);
        writeFileSync(resultFile, `${JSON.stringify(metrics, null, 2)}\n`);
        yield { kind: 'measured', stage: recipe.name, metrics };
      }
      checkGates(recipe, metrics);
    }
  } finally {
    album.close();
  }
}

function checkGates({ name, gates }: Recipe, metrics: Metrics): void {
  for (const [metric, least] of Object.entries(gates)) {
    if (!(metrics[metric] >= least))
      throw new GateError(`${name}: expected ${metric} of at least ${least}, got ${metrics[metric]}`);
  }
}
