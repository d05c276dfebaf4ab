import { dirname, join } from 'node:path';
import { portable } from '../../graph/op-sets/portable.ts';
import { globalMappingGraph } from '../../models/mapping-networks.ts';
import { type FloatTensor, openSession } from '../../runtime/session.ts';
import { readTensor } from '../../weights/read-tensor.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../weights/safetensors.ts';
import { openVisionEncoder } from '../frozen-encoders.ts';
import { initialWeights } from '../initial-weights.ts';
import { cosineRate } from '../learning-rate.ts';
import { namedTensors } from '../parameter-vector.ts';
import { toClipPixels, wholePlanes } from '../pixels.ts';
import { createRandom } from '../random.ts';
import { wordsStage } from '../stages/words-stage.ts';
import { category, eyePhrases } from './caption.ts';
import { type Character, patterns, shapes } from './character.ts';
import { depictionBytes, heldOutDepictions } from './held-out-pictures.ts';
import { hueWords, nameHue } from './hue.ts';
import { writeTokenizer } from './prompts.ts';
import type { Recipe, ToylandContext } from './recipe.ts';
import { componentWeights, frozenWeights } from './trained-model.ts';

/** Mapping networks alone, beside the model and not part of it. */
export const wordsFile = (modelFolder: string): string => join(dirname(modelFolder), 'words.safetensors');

/** Held-out characters that the words are measured on. */
const measured = 100;

/**
 * Where ELITE's global mapping starts on toyland: with the words of the photo's caption, shape and hue in one as the primary one, since the base
 * model draws the sum of two embeddings as both. Its measure says in minutes whether the vision encoder sees what the global stage is to carry,
 * which the noise loss would take hours to show.
 */
export const wordsRecipe: Recipe = {
  name: 'words',

  async stage({ portraits, plan, modelFolder, seed, threads }) {
    const { steps, batchSize, learningRate } = plan.words;
    const { mapping } = plan.networks;
    const vision = await openVisionEncoder({ config: plan.networks, checkpoints: frozenWeights(modelFolder), threads });
    const embed = openEmbeddings(modelFolder);
    const training = wordsStage(mapping, batchSize);
    return {
      name: 'words',
      phases: [
        {
          untilStep: steps,
          training,
          frozen: new Map(),
          batchOf: async (step, part) => {
            const random = createRandom(seed, step, part);
            const photos = Array.from({ length: batchSize }, () => random.integer(portraits.count));
            const pixels = wholePlanes(portraits.rgb(photos), plan.sizePx, toClipPixels);
            const rows = photos.flatMap((photo) =>
              wordsOf(portraits.depiction(photo).character).slice(0, mapping.words).map(embed),
            );
            return {
              features: await vision.features(pixels),
              target: { data: concatRows(rows), shape: [batchSize, mapping.words, mapping.wordSize] },
            };
          },
        },
      ],
      initial: () => initialWeights(training.layout, seed),
      options: { learningRate: cosineRate(learningRate, { steps, warmupSteps: 100 }) },
      close: () => vision.close(),
    };
  },

  async write({ modelFolder }, { phases }, { parameters }) {
    const mapping = namedTensors(phases[0].training.layout, parameters, 'global_mapper');
    writeSafetensors(wordsFile(modelFolder), mapping, { format: 'pt' });
  },

  /** How often the primary word is nearest to one of its shape, and the next two to those of hue and pattern. */
  async measure({ plan, modelFolder, threads }) {
    const photos = heldOutDepictions(measured, 'portraits');
    const bytes = await depictionBytes(photos, plan.sizePx);
    const pixels = wholePlanes(bytes, plan.sizePx, toClipPixels);
    const words = await writeWords({ plan, modelFolder, threads }, pixels);
    const embed = openEmbeddings(modelFolder);
    const { words: count, wordSize } = plan.networks.mapping;
    /** The last part is what is asked for. */
    const share = (place: number, choices: readonly (readonly string[])[]) => {
      const embedded = choices.map(embed);
      const right = photos.filter(({ character }, index) => {
        const start = (index * count + place) * wordSize;
        const word = words.data.subarray(start, start + wordSize);
        const distances = embedded.map((other) => squaredDistance(word, other));
        return choices[distances.indexOf(Math.min(...distances))].at(-1) === wordsOf(character)[place].at(-1);
      });
      return right.length / photos.length;
    };
    const shapesInHues = hueWords.flatMap((hue) => shapes.map((shape) => [hue, shape]));
    return Object.fromEntries(
      [
        ['shape', shapesInHues] as const,
        ['hueWord', hueWords.map((hue) => [hue])] as const,
        ['pattern', patterns.map((pattern) => [pattern])] as const,
      ]
        .slice(0, count)
        .map(([name, choices], place) => [name, share(place, choices)]),
    );
  },
};

/** What each word is made of: of a caption's words. */
function wordsOf({ shape, hueDegrees, pattern, eyes }: Character): string[][] {
  const hue = nameHue(hueDegrees);
  return [[hue, shape], [hue], [pattern], [eyePhrases[eyes]], [category]];
}

/** Words → the sum of the embeddings of their first tokens, as the text encoder has learnt them. */
function openEmbeddings(modelFolder: string): (words: readonly string[]) => Float32Array {
  const tokenizer = writeTokenizer(modelFolder);
  const location = componentWeights(modelFolder, 'text_encoder').get('text_model.embeddings.token_embedding.weight')!;
  const table = readTensor(location);
  const size = location.shape[1];
  return (words) => {
    const sum = new Float32Array(size);
    for (const word of words) {
      const [token] = tokenizer.encode(word);
      for (let i = 0; i < size; i++) sum[i] += table[token * size + i];
    }
    return sum;
  };
}

async function writeWords(
  { plan, modelFolder, threads }: Pick<ToylandContext, 'plan' | 'modelFolder' | 'threads'>,
  pixels: FloatTensor,
): Promise<FloatTensor> {
  const checkpoints = frozenWeights(modelFolder).set('global_mapper', readSafetensorsIndex(wordsFile(modelFolder)));
  const vision = await openVisionEncoder({ config: plan.networks, checkpoints, threads });
  const mapper = await openSession(globalMappingGraph(plan.networks.mapping, portable), checkpoints, { threads });
  const { words } = await mapper.run({ features: await vision.features(pixels) });
  await vision.close();
  await mapper.release();
  return words;
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
}

function concatRows(rows: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(rows.length * rows[0].length);
  for (const [index, row] of rows.entries()) joined.set(row, index * row.length);
  return joined;
}
