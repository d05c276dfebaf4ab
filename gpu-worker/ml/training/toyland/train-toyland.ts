import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runStage, type StageProgress } from '../stage.ts';
import type { TrainingState } from '../training-state.ts';
import { type AlbumKind, openAlbum, writeAlbum } from './album.ts';
import { clipRecipe } from './clip-recipe.ts';
import { globalRecipe } from './global-recipe.ts';
import { localRecipe } from './local-recipe.ts';
import type { ToylandPlan } from './plan.ts';
import { readerRecipe } from './reader-recipe.ts';
import type { Metrics, Recipe, ToylandContext } from './recipe.ts';
import { singleLayerContext, singleLayerRecipes } from './single-layer.ts';
import { unetRecipe } from './unet-recipe.ts';
import { vaeRecipe } from './vae-recipe.ts';
import { warmStart } from './warm-start.ts';
import { wordsRecipe } from './words-recipe.ts';

export type ToylandProgress =
  | { kind: 'drawn'; album: AlbumKind; done: number; total: number }
  | ({ kind: 'step' } & StageProgress)
  | { kind: 'measured'; stage: string; metrics: Metrics };

/** A stage fell short of what the next ones need. */
export class GateError extends Error {
  override readonly name = 'GateError';
}

/** The stages in their order: each builds on those before it. */
export const recipes: readonly Recipe[] = [
  vaeRecipe,
  clipRecipe,
  readerRecipe,
  unetRecipe,
  wordsRecipe,
  globalRecipe,
  localRecipe,
];

/**
 * Draws toyland's pictures and trains a model on them, stage after stage, from wherever an earlier call left `folder`. The same seed gives
 * the same model on the same machine, in one go or in pieces. Ends early, saved, when `signal` aborts. `from` names a finished model to go on
 * from instead of from nothing. `ablation` adds a stage for comparison when the model is whole.
 *
 * @throws GateError when a stage misses its measure; its weights stay for a look.
 */
export async function* trainToyland(
  folder: string,
  plan: ToylandPlan,
  options: { seed: number; threads?: number; from?: string; ablation?: boolean; signal?: AbortSignal },
): AsyncGenerator<ToylandProgress> {
  const { seed, threads, from, ablation = false, signal } = options;
  for (const kind of ['views', 'portraits'] as const) {
    yield* drawAlbum(folder, kind, plan, seed);
    if (signal?.aborted) return;
  }
  const albums = await openAlbums(folder);
  const context: ToylandContext = { plan, ...albums, folder, modelFolder: join(folder, 'model'), seed, threads, from };
  await mkdir(context.modelFolder, { recursive: true });
  try {
    for (const recipe of recipes) {
      yield* finishRecipe(recipe, context, signal);
      if (signal?.aborted) return;
    }
    if (!ablation) return;
    const ablated = await singleLayerContext(context);
    for (const recipe of singleLayerRecipes) {
      yield* finishRecipe(recipe, ablated, signal);
      if (signal?.aborted) return;
    }
  } finally {
    albums.album.close();
    albums.portraits.close();
  }
}

/** The albums that a training in `folder` has drawn. */
export async function openAlbums(folder: string): Promise<Pick<ToylandContext, 'album' | 'portraits'>> {
  return { album: await openAlbum(join(folder, 'views')), portraits: await openAlbum(join(folder, 'portraits')) };
}

async function* drawAlbum(
  folder: string,
  kind: AlbumKind,
  { characters, sizePx }: ToylandPlan,
  seed: number,
): AsyncGenerator<ToylandProgress> {
  const albumFolder = join(folder, kind);
  if (existsSync(join(albumFolder, 'album.json'))) return;
  for await (const done of writeAlbum(albumFolder, { kind, seed, split: 'train', characters, sizePx })) {
    yield { kind: 'drawn', album: kind, done, total: characters };
  }
}

/** Runs a recipe that has no result yet, and holds its result against the plan. */
async function* finishRecipe(
  recipe: Recipe,
  context: ToylandContext,
  signal?: AbortSignal,
): AsyncGenerator<ToylandProgress> {
  const resultFile = join(context.folder, recipe.name, 'result.json');
  if (!existsSync(resultFile)) yield* runRecipe(recipe, context, signal);
  if (signal?.aborted) return;
  checkGates(recipe.name, context.plan.gates[recipe.name] ?? {}, JSON.parse(readFileSync(resultFile, 'utf8')));
}

async function* runRecipe(
  recipe: Recipe,
  context: ToylandContext,
  signal?: AbortSignal,
): AsyncGenerator<ToylandProgress> {
  const { threads } = context;
  const folder = join(context.folder, recipe.name);
  const fresh = await recipe.stage(context);
  const stage = context.from === undefined ? fresh : warmStart(fresh, context.from);
  try {
    const preview = recipe.preview && {
      everySteps: context.plan.previewEverySteps,
      draw: async (state: TrainingState) => {
        const shown = { ...context, modelFolder: join(folder, 'preview-model') };
        await cp(context.modelFolder, shown.modelFolder, { recursive: true });
        await recipe.write(shown, stage, state);
        return recipe.preview!(shown);
      },
    };
    const run = runStage(stage, { folder, threads, replicas: stage.options.accumulate, signal, preview });
    let turn = await run.next();
    for (; !turn.done; turn = await run.next()) yield { kind: 'step', ...turn.value };
    if (signal?.aborted) return;
    await recipe.write(context, stage, turn.value);
    const metrics = await recipe.measure(context);
    writeFileSync(join(folder, 'result.json'), `${JSON.stringify(metrics, null, 2)}\n`);
    yield { kind: 'measured', stage: recipe.name, metrics };
  } finally {
    await stage.close?.();
  }
}

function checkGates(stage: string, gates: Metrics, metrics: Metrics): void {
  for (const [metric, least] of Object.entries(gates)) {
    if (!(metrics[metric] >= least))
      throw new GateError(`${stage}: expected ${metric} of at least ${least}, got ${metrics[metric]}`);
  }
}
