import { existsSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { globalRecipe } from './global-recipe.ts';
import type { Recipe, ToylandContext } from './recipe.ts';
import { writeToylandSettings } from './settings.ts';
import { writeUntrainedMappers } from './untrained-mappers.ts';
import { wordsRecipe } from './words-recipe.ts';

export const singleLayerFolder = (folder: string): string => join(folder, 'single-layer', 'model');

/**
 * The global mapping once more, from the vision encoder's deepest layer alone to a single word: what the words of the shallower layers are worth
 * (ELITE's ablation of multi-layer features). Nothing that is shipped builds on it.
 */
export const singleLayerRecipes: readonly Recipe[] = [
  renamed(wordsRecipe, 'single-layer-words'),
  renamed(globalRecipe, 'single-layer'),
];

function renamed(recipe: Recipe, name: string): Recipe {
  return { ...recipe, name, stage: async (context) => ({ ...(await recipe.stage(context)), name }) };
}

/** The trained base model in a folder of its own, with mappers that know one layer. */
export async function singleLayerContext(context: ToylandContext): Promise<ToylandContext> {
  const { plan, folder, seed } = context;
  const { mapping, featureLayers } = plan.networks;
  const networks = { ...plan.networks, featureLayers: featureLayers.slice(0, 1), mapping: { ...mapping, words: 1 } };
  const modelFolder = singleLayerFolder(folder);
  if (!existsSync(modelFolder)) {
    await cp(context.modelFolder, modelFolder, { recursive: true });
    writeToylandSettings(modelFolder, { ...plan, networks });
    writeUntrainedMappers(modelFolder, networks, seed);
  }
  return { ...context, plan: { ...plan, networks }, modelFolder };
}
