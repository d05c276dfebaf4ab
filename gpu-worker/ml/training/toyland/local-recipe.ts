import { join } from 'node:path';
import { measureConcepts, previewConcepts } from '../../evaluation/toyland/concept-quality.ts';
import { standard } from '../../evaluation/toyland/variants.ts';
import { gridSize } from '../../models/clip-vision.ts';
import { writeSafetensors } from '../../weights/safetensors.ts';
import { openContextEncoder, openVisionEncoder } from '../frozen-encoders.ts';
import { initialWeights } from '../initial-weights.ts';
import { cosineRate } from '../learning-rate.ts';
import { noiseLatents } from '../noising.ts';
import { loadInto, namedTensors } from '../parameter-vector.ts';
import { toClipPixels, wholePlanes } from '../pixels.ts';
import { mapperProjections } from '../projections.ts';
import { createRandom } from '../random.ts';
import { besideReplicas } from '../replicas.ts';
import { localStage } from '../stages/local-stage.ts';
import { encodePairing, samplePairing } from './concept-batches.ts';
import { openLatentCache } from './latent-cache.ts';
import { maskGrid, withoutScene } from './object-masks.ts';
import { writeTokenizer } from './prompts.ts';
import type { Recipe } from './recipe.ts';
import { chooseDecisive, schedule } from './timesteps.ts';
import { frozenWeights, mapperWeights } from './trained-model.ts';

/** ELITE's local mapping on toyland, mostly at the timesteps where details are decided. */
export const localRecipe: Recipe = {
  name: 'local',

  async stage(context) {
    const { album, portraits, plan, modelFolder, seed } = context;
    const { steps, batchSize, accumulate, learningRate } = plan.local;
    const tokenizer = writeTokenizer(modelFolder);
    const cache = await openLatentCache(context);
    const frozen = frozenWeights(modelFolder).set('global_mapper', mapperWeights(modelFolder, 'global_mapper'));
    const vision = await openVisionEncoder({ config: plan.networks, checkpoints: frozen, threads: besideReplicas });
    const words = await openContextEncoder({ config: plan.networks, checkpoints: frozen, threads: besideReplicas });
    const latentSize = cache.shape[1];
    const training = localStage(plan.networks, { batchSize, latentSize });
    const grid = gridSize(plan.networks.vision);
    return {
      name: 'local',
      phases: [
        {
          untilStep: steps,
          training,
          frozen,
          batchOf: async (step, part) => {
            const random = createRandom(seed, step, part);
            const pairings = Array.from({ length: batchSize }, () => samplePairing(context, random));
            const photoIndices = pairings.map(({ photo }) => photo);
            const targetIndices = pairings.map(({ target }) => target);
            const photos = portraits.rgb(photoIndices);
            const masks = withoutScene(portraits.labels(photoIndices), batchSize, random);
            const prompts = pairings.map(({ prompt }) => encodePairing(tokenizer, prompt, [0], context));
            const objects = photos.map((byte, i) => byte * masks[Math.floor(i / 3)]);
            return {
              ...noiseLatents(await cache.read(targetIndices), [batchSize, ...cache.shape], schedule, random, {
                chooseTimestep: chooseDecisive,
              }),
              context: await words.contexts(
                await vision.features(wholePlanes(photos, plan.sizePx, toClipPixels)),
                prompts,
              ),
              placeholder_index: {
                data: Int32Array.from(prompts, ({ placeholderIndex }) => placeholderIndex),
                shape: [batchSize],
              },
              features: await vision.features(wholePlanes(objects, plan.sizePx, toClipPixels)),
              patch_mask: { data: maskGrid(masks, batchSize, grid), shape: [batchSize, grid ** 2, 1] },
              strength: { data: new Float32Array(batchSize).fill(1), shape: [batchSize] },
              latent_mask: {
                data: maskGrid(withoutScene(album.labels(targetIndices), batchSize), batchSize, latentSize),
                shape: [batchSize, 1, latentSize, latentSize],
              },
            };
          },
        },
      ],
      initial: () => {
        const weights = initialWeights(training.layout, seed);
        loadInto(weights, training.layout, 'local_mapper', mapperProjections(frozen.get('global_mapper')!));
        return weights;
      },
      options: { learningRate: cosineRate(learningRate, { steps, warmupSteps: 200 }), accumulate, averageDecay: 0.999 },
      close: async () => {
        await cache.close();
        await vision.close();
        await words.close();
      },
    };
  },

  async write({ modelFolder }, { phases }, { average }) {
    const tensors = namedTensors(phases[0].training.layout, average, 'local_mapper');
    writeSafetensors(join(modelFolder, 'local_mapper.safetensors'), tensors, { format: 'pt' });
  },

  measure: (context) => measureConcepts(context, standard),
  preview: (context) => previewConcepts(context, standard),
};
