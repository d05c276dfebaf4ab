import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeSafetensors } from '../../weights/safetensors.ts';
import { initialWeights } from '../initial-weights.ts';
import { cosineRate } from '../learning-rate.ts';
import { namedTensors } from '../parameter-vector.ts';
import { soften, toUnit, wholePlanes } from '../pixels.ts';
import { createRandom } from '../random.ts';
import { readerStage } from '../stages/reader-stage.ts';
import { attributesOf, headTensors, toylandReader, vectorHeads } from './attributes.ts';
import { depictionTensor, heldOutDepictions } from './held-out-pictures.ts';
import { compareAttributes, openReader, readerFile, shareRight } from './reader.ts';
import type { Recipe } from './recipe.ts';

/** The most noise added to a picture, so that the reader looks at forms and not at the crispness of renders. */
const mostNoise = 0.15;

/**
 * Pictures that are softened, by up to two means over 3 × 3 pixels. Without, the reader takes what a VAE leaves of eyes and cheeks for spots: of 300
 * renders sent through one it got 13 patterns wrong, of those renders 5.
 */
const softenedShare = 0.7;

/** The judge of what the model draws, trained on renders only. */
export const readerRecipe: Recipe = {
  name: 'reader',

  async stage({ album, plan, seed }) {
    const { batchSize, steps, learningRate } = plan.reader;
    const config = { ...toylandReader, imageSize: plan.sizePx };
    const training = readerStage(config, { batchSize, vectors: vectorHeads });
    return {
      name: 'reader',
      phases: [
        {
          untilStep: steps,
          training,
          frozen: new Map(),
          batchOf: async (step, part) => {
            const random = createRandom(seed, step, part);
            const indices = Array.from({ length: batchSize }, () => random.integer(album.count));
            const image = wholePlanes(album.rgb(indices), plan.sizePx, toUnit);
            const pictureSize = image.data.length / batchSize;
            for (let n = 0; n < batchSize; n++) {
              if (random.chance(softenedShare))
                soften(image.data.subarray(n * pictureSize, (n + 1) * pictureSize), plan.sizePx, random.uniform(0, 2));
              const noise = random.uniform(0, mostNoise);
              for (let i = n * pictureSize; i < (n + 1) * pictureSize; i++) image.data[i] += noise * random.normal();
            }
            return { image, ...headTensors(indices.map((index) => album.depiction(index))) };
          },
        },
      ],
      initial: () => initialWeights(training.layout, seed),
      options: { learningRate: cosineRate(learningRate, { steps, warmupSteps: 100 }), averageDecay: 0.998 },
    };
  },

  async write({ folder }, { phases }, { average }) {
    const file = readerFile(folder);
    mkdirSync(dirname(file), { recursive: true });
    writeSafetensors(file, namedTensors(phases[0].training.layout, average, 'attribute_reader'), { format: 'pt' });
  },

  async measure({ plan, folder, threads }) {
    const depictions = heldOutDepictions(100);
    const reader = await openReader(readerFile(folder), { imageSize: plan.sizePx, threads });
    const read = await reader.read(await depictionTensor(depictions, plan.sizePx));
    await reader.close();
    return shareRight(read.map((attributes, index) => compareAttributes(attributes, attributesOf(depictions[index]))));
  },
};
