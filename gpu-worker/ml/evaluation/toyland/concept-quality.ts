import { loadModel } from '../../elite/load-model.ts';
import { follow } from '../../pipelines/follow.ts';
import { drawing } from '../../training/toyland/drawing.ts';
import type { Metrics, ToylandContext } from '../../training/toyland/recipe.ts';
import { pictureGrid } from '../picture-grid.ts';
import { drawVariant, evaluateToyland, portrayAll } from './evaluate.ts';
import type { Entry } from './judge-pictures.ts';
import { openJudges } from './open-judges.ts';
import type { Variant } from './variants.ts';

/** Pictures of each contestant. */
const tasks = 4;
const previewed = 6;

/** The means of all scores for one variant, on as many contestants as the plan measures. */
export async function measureConcepts(context: ToylandContext, variant: Variant): Promise<Metrics> {
  const { plan, folder, modelFolder, threads } = context;
  const model = await loadModel(modelFolder, { threads });
  const judges = await openJudges(folder, plan, { tokenizer: model.tokenizer, threads });
  try {
    const options = {
      ...drawing,
      steps: plan.drawingSteps,
      sizePx: plan.sizePx,
      contestants: plan.measuredCharacters,
      tasks,
      variants: [variant],
    };
    const { rows } = await follow(evaluateToyland(model, judges, options));
    return Object.fromEntries(Object.entries(rows[0].estimates).map(([name, { mean }]) => [name, mean]));
  } finally {
    await judges.close();
    await model.release();
  }
}

/** A row for each of a few contestants: its photo, and what is drawn for its tasks. */
export async function previewConcepts(
  { plan, modelFolder, threads }: ToylandContext,
  variant: Variant,
): Promise<Uint8Array> {
  const model = await loadModel(modelFolder, { threads });
  try {
    const options = { ...drawing, steps: plan.drawingSteps, sizePx: plan.sizePx, contestants: previewed, tasks };
    const portraits = await portrayAll(model, options);
    const entries: Entry[] = [];
    for await (const entry of drawVariant(model, portraits, variant, options)) entries.push(entry);
    const grid = portraits.map(({ photo }, contestant) => [
      photo,
      ...entries.filter((entry) => entry.contestant === contestant).map(({ picture }) => picture),
    ]);
    return await pictureGrid(grid, { zoom: 2 });
  } finally {
    await model.release();
  }
}
