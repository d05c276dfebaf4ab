import { join } from 'node:path';
import { measureConcepts, previewConcepts } from '../../evaluation/toyland/concept-quality.ts';
import { wordsAlone } from '../../evaluation/toyland/variants.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../weights/safetensors.ts';
import { openVisionEncoder, stackRows } from '../frozen-encoders.ts';
import { initialWeights } from '../initial-weights.ts';
import { cosineRate } from '../learning-rate.ts';
import { noiseLatents } from '../noising.ts';
import { loadInto, namedTensors } from '../parameter-vector.ts';
import { toClipPixels, wholePlanes } from '../pixels.ts';
import { unetProjections } from '../projections.ts';
import { createRandom } from '../random.ts';
import { besideReplicas } from '../replicas.ts';
import { globalStage } from '../stages/global-stage.ts';
import { encodeCaption, encodePairing, samplePairing } from './concept-batches.ts';
import { openLatentCache } from './latent-cache.ts';
import { writeTokenizer } from './prompts.ts';
import type { Recipe } from './recipe.ts';
import { chooseTimestep, schedule } from './timesteps.ts';
import { componentWeights, frozenWeights } from './trained-model.ts';
import { wordsFile } from './words-recipe.ts';

/** Steps' share of ordinary captions. */
const captionShare = 0.25;
/** The projections start from the UNet's own, which already work. */
const projectionRateFactor = 0.1;

/** ELITE's global mapping on toyland. Half of the prompts hold the primary word alone, which is all that the local stage and most users write. */
export const globalRecipe: Recipe = {
  name: 'global',

  async stage(context) {
    const { album, portraits, plan, modelFolder, seed } = context;
    const { steps, batchSize, accumulate, learningRate } = plan.global;
    const tokenizer = writeTokenizer(modelFolder);
    const cache = await openLatentCache(context);
    const vision = await openVisionEncoder({
      config: plan.networks,
      checkpoints: frozenWeights(modelFolder),
      threads: besideReplicas,
    });
    const training = globalStage(plan.networks, { batchSize, latentSize: cache.shape[1] });
    const allWords = [...Array(plan.networks.mapping.words).keys()];
    return {
      name: 'global',
      phases: [
        {
          untilStep: steps,
          training,
          frozen: frozenWeights(modelFolder),
          batchOf: async (step, part) => {
            const random = createRandom(seed, step, part);
            const ordinary = random.chance(captionShare);
            const pairings = Array.from({ length: batchSize }, () => samplePairing(context, random));
            const prompts = pairings.map(({ prompt, target }) =>
              ordinary
                ? encodeCaption(tokenizer, album, target, random, context)
                : encodePairing(tokenizer, prompt, random.chance(0.5) ? allWords : [0], context),
            );
            const photos = portraits.rgb(pairings.map(({ photo }) => photo));
            const clean = await cache.read(pairings.map(({ target }) => target));
            return {
              ...noiseLatents(clean, [batchSize, ...cache.shape], schedule, random, { chooseTimestep }),
              features: await vision.features(wholePlanes(photos, plan.sizePx, toClipPixels)),
              token_ids: stackRows(prompts.map(({ tokenIds }) => tokenIds)),
              word_positions: stackRows(prompts.map(({ wordPositions }) => wordPositions)),
            };
          },
        },
      ],
      initial: () => {
        const weights = initialWeights(training.layout, seed);
        loadInto(weights, training.layout, 'global_mapper', unetProjections(componentWeights(modelFolder, 'unet')));
        loadInto(weights, training.layout, 'global_mapper', readSafetensorsIndex(wordsFile(modelFolder)));
        return weights;
      },
      options: {
        learningRate: cosineRate(learningRate, { steps, warmupSteps: 200 }),
        rateFactor: ({ key }) => (key.startsWith('mapping') ? 1 : projectionRateFactor),
        accumulate,
        averageDecay: 0.999,
      },
      close: async () => {
        await cache.close();
        await vision.close();
      },
    };
  },

  async write({ modelFolder }, { phases }, { average }) {
    const tensors = namedTensors(phases[0].training.layout, average, 'global_mapper');
    writeSafetensors(join(modelFolder, 'global_mapper.safetensors'), tensors, { format: 'pt' });
  },

  measure: (context) => measureConcepts(context, wordsAlone),
  preview: (context) => previewConcepts(context, wordsAlone),
};
