import type { EliteModel } from '../../elite/elite-model.ts';
import type { Condition } from '../../elite/guided-noise.ts';
import { loadModel } from '../../elite/load-model.ts';
import { drawPictures } from '../../evaluation/draw-pictures.ts';
import type { Picture } from '../../image/picture.ts';
import { encodePrompt } from '../../text/encode-prompt.ts';
import { picturePlanes, toUnit } from '../pixels.ts';
import { createRandom } from '../random.ts';
import { attributesOf } from './attributes.ts';
import { captionOf } from './caption.ts';
import { heldOutDepictions } from './held-out-pictures.ts';
import { compareAttributes, openReader, readerFile, shareRight } from './reader.ts';
import type { Metrics, ToylandContext } from './recipe.ts';

/** How pictures are drawn to be measured. */
export const drawing = { steps: 20, sampler: 'dpmpp_2m_karras', guidanceScale: 5, batchSize: 16 } as const;

/** Prompts without a concept, encoded; they share one padding for the parts that a concept would fill. */
export async function encodeTexts(model: EliteModel, prompts: readonly string[]): Promise<Condition[]> {
  const { mapping, text } = model.config;
  const words = new Float32Array(mapping.words * mapping.wordSize);
  const wordPositions = new Int32Array(mapping.words).fill(-1);
  const encoded = prompts.map((prompt) => encodePrompt(model.tokenizer, prompt, text.positions));
  const contexts = await model.networks.encodeText(encoded.map(({ tokenIds }) => ({ tokenIds, wordPositions, words })));
  const local = new Float32Array(mapping.patches * mapping.wordSize);
  return contexts.map((context) => ({ context, local, placeholderIndex: 0, strength: 0 }));
}

/** Lets the base model draw captions of held-out characters in which nothing is left unsaid, and has the reader say what it sees. */
export async function measureBaseModel(
  context: Pick<ToylandContext, 'plan' | 'folder' | 'modelFolder' | 'threads'>,
): Promise<Metrics> {
  const { plan, folder, modelFolder, threads } = context;
  const { sizePx } = plan;
  const depictions = heldOutDepictions(plan.measuredCharacters);
  const model = await loadModel(modelFolder, { threads });
  const reader = await openReader(readerFile(folder), { imageSize: sizePx, threads });
  try {
    const captions = depictions.map((depiction, index) => captionOf(depiction, createRandom(index), 0));
    const [unconditional, ...conditions] = await encodeTexts(model, ['', ...captions]);
    const pictures: Picture[] = [];
    const drawings = conditions.map((condition, seed) => ({ condition, seed }));
    for await (const picture of drawPictures(model, drawings, { ...drawing, sizePx, unconditional }))
      pictures.push(picture);
    const read = await reader.read(picturePlanes(pictures, toUnit));
    const { stripes, ...said } = shareRight(
      read.map((seen, index) => compareAttributes(seen, attributesOf(depictions[index]))),
    );
    // No caption says where stripes run, so this is what chance gives.
    return { ...said, stripesByChance: stripes };
  } finally {
    await model.release();
    await reader.close();
  }
}
