import { loadModel } from '../../elite/load-model.ts';
import { encodeTexts } from '../../evaluation/conditions.ts';
import { drawPictures } from '../../evaluation/draw-pictures.ts';
import { pictureGrid } from '../../evaluation/picture-grid.ts';
import type { Picture } from '../../image/picture.ts';
import { fromPlanes, picturePlanes, toUnit } from '../pixels.ts';
import { createRandom } from '../random.ts';
import { attributesOf } from './attributes.ts';
import { captionOf } from './caption.ts';
import type { Depiction } from './depiction.ts';
import { drawing } from './drawing.ts';
import { depictionTensor, heldOutDepictions } from './held-out-pictures.ts';
import { nameHue } from './hue.ts';
import { compareAttributes, openReader, readerFile, shareRight } from './reader.ts';
import type { Metrics, ToylandContext } from './recipe.ts';

/** Lets the base model draw captions of held-out characters in which nothing is left unsaid, and has the reader say what it sees. */
export async function measureBaseModel({ plan, folder, modelFolder, threads }: ToylandContext): Promise<Metrics> {
  const depictions = heldOutDepictions(plan.measuredCharacters);
  const pictures = await drawCaptions(depictions, { plan, modelFolder, threads });
  const reader = await openReader(readerFile(folder), { imageSize: plan.sizePx, threads });
  const read = await reader.read(picturePlanes(pictures, toUnit));
  await reader.close();
  const meant = depictions.map(attributesOf);
  const { shape, pattern, scene, worn } = shareRight(read.map((seen, index) => compareAttributes(seen, meant[index])));
  // A caption says no more of the hue than its word, and of stripes not where they run.
  const named = read.filter(({ hueDegrees }, index) => nameHue(hueDegrees) === nameHue(meant[index].hueDegrees));
  return { shape, pattern, hueWord: named.length / read.length, scene, worn };
}

/** What the base model draws for the captions of a few held-out characters: pictures as they could be, beneath each what was drawn. */
export async function previewBaseModel({ plan, modelFolder, threads }: ToylandContext): Promise<Uint8Array> {
  const depictions = heldOutDepictions(4);
  const drawn = await drawCaptions(depictions, { plan, modelFolder, threads });
  const meant = fromPlanes(await depictionTensor(depictions, plan.sizePx));
  const perRow = 8;
  const rows = Array.from({ length: Math.ceil(drawn.length / perRow) }, (_, row) => [row * perRow, (row + 1) * perRow]);
  return pictureGrid(
    rows.flatMap(([from, to]) => [meant.slice(from, to), drawn.slice(from, to)]),
    { zoom: 2 },
  );
}

async function drawCaptions(
  depictions: readonly Depiction[],
  { plan, modelFolder, threads }: Pick<ToylandContext, 'plan' | 'modelFolder' | 'threads'>,
): Promise<Picture[]> {
  const model = await loadModel(modelFolder, { threads });
  try {
    const captions = depictions.map((depiction, index) => captionOf(depiction, createRandom(index), 0));
    const [unconditional, ...conditions] = await encodeTexts(model, ['', ...captions]);
    const drawings = conditions.map((condition, seed) => ({ condition, seed }));
    const pictures: Picture[] = [];
    for await (const picture of drawPictures(model, drawings, {
      ...drawing,
      steps: plan.drawingSteps,
      sizePx: plan.sizePx,
      unconditional,
    }))
      pictures.push(picture);
    return pictures;
  } finally {
    await model.release();
  }
}
