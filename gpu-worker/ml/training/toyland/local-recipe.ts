import { join } from 'node:path';
import { portable } from '../../graph/op-sets/portable.ts';
import { clipTextGraph } from '../../models/clip-text.ts';
import { gridSize } from '../../models/clip-vision.ts';
import { globalMappingGraph } from '../../models/mapping-networks.ts';
import { openSession } from '../../runtime/session.ts';
import { writeSafetensors } from '../../weights/safetensors.ts';
import { initialWeights } from '../initial-weights.ts';
import { cosineRate } from '../learning-rate.ts';
import { noiseLatents } from '../noising.ts';
import { loadInto, namedTensors } from '../parameter-vector.ts';
import { toClipPixels, toPlanes, wholePictures } from '../pixels.ts';
import { createRandom } from '../random.ts';
import { localStage } from '../stages/local-stage.ts';
import { encodePairing, openVision, samplePairing, schedule, stackRows } from './concept-batches.ts';
import { openLatentCache } from './latent-cache.ts';
import { maskGrid, withoutScene } from './object-masks.ts';
import { writeTokenizer } from './prompts.ts';
import type { Recipe, ToylandContext } from './recipe.ts';
import { componentWeights, mapperWeights } from './trained-model.ts';

/** ELITE's local mapping on toyland. */
export const localRecipe: Recipe = {
  name: 'local',

  async stage(context) {
    const { album, plan, modelFolder, seed, threads } = context;
    const { steps, batchSize, learningRate } = plan.local;
    const tokenizer = writeTokenizer(modelFolder);
    const cache = await openLatentCache(album, modelFolder, { threads });
    const vision = await openVision(context);
    const globalWeights = mapperWeights(modelFolder, 'global_mapper');
    const words = await openPrimaryWords(context);
    const latentSize = cache.shape[1];
    const training = localStage(plan.networks, { batchSize, latentSize });
    const grid = gridSize(plan.networks.vision);
    const whole = wholePictures(batchSize, plan.sizePx);
    return {
      name: 'local',
      phases: [
        {
          untilStep: steps,
          training,
          frozen: new Map([
            ['unet', componentWeights(modelFolder, 'unet')],
            ['global_mapper', globalWeights],
          ]),
          batchOf: async (step, part) => {
            const random = createRandom(seed, step, part);
            const pairings = Array.from({ length: batchSize }, () => samplePairing(album, random));
            const photoIndices = pairings.map(({ photo }) => photo);
            const targetIndices = pairings.map(({ target }) => target);
            const photos = album.rgb(photoIndices);
            const masks = withoutScene(album.labels(photoIndices), batchSize, random);
            const prompts = pairings.map(({ prompt }) => encodePairing(tokenizer, prompt, [0], context));
            const objects = photos.map((byte, i) => byte * masks[Math.floor(i / 3)]);
            return {
              ...noiseLatents(await cache.read(targetIndices), [batchSize, ...cache.shape], schedule, random),
              context: await words.contexts(await vision.features(toPlanes(photos, 3, whole, toClipPixels)), prompts),
              placeholder_index: {
                data: Int32Array.from(prompts, ({ placeholderIndex }) => placeholderIndex),
                shape: [batchSize],
              },
              features: await vision.features(toPlanes(objects, 3, whole, toClipPixels)),
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
        // Its own projections begin as those to the prompt, which the queries already fit.
        loadInto(
          weights,
          training.layout,
          'local_mapper',
          new Map([...globalWeights].filter(([key]) => !key.startsWith('mapping'))),
        );
        return weights;
      },
      options: { learningRate: cosineRate(learningRate, { steps, warmupSteps: 200 }), averageDecay: 0.999 },
      close: async () => {
        await cache.close();
        await vision.close();
        await words.close();
      },
    };
  },

  async finish({ modelFolder }, { phases }, { average }) {
    const tensors = namedTensors(phases[0].training.layout, average, 'local_mapper');
    writeSafetensors(join(modelFolder, 'local_mapper.safetensors'), tensors, { format: 'pt' });
    return {};
  },
};

/** The frozen first stage: features of photos → prompts encoded with the photos' words in them [n, positions, dim]. */
async function openPrimaryWords({ plan, modelFolder, threads }: ToylandContext) {
  const { mapping, text } = plan.networks;
  const mapper = await openSession(
    globalMappingGraph(mapping, portable),
    new Map([['global_mapper', mapperWeights(modelFolder, 'global_mapper')]]),
    { threads },
  );
  const encoder = await openSession(
    clipTextGraph(text, mapping.words, portable),
    new Map([['text_encoder', componentWeights(modelFolder, 'text_encoder')]]),
    { threads },
  );
  return {
    async contexts(
      features: Parameters<typeof mapper.run>[0][string],
      prompts: readonly { tokenIds: Int32Array; wordPositions: Int32Array }[],
    ) {
      const { words } = await mapper.run({ features });
      const { context } = await encoder.run({
        token_ids: stackRows(prompts.map(({ tokenIds }) => tokenIds)),
        words,
        word_positions: stackRows(prompts.map(({ wordPositions }) => wordPositions)),
      });
      return context;
    },
    async close() {
      await mapper.release();
      await encoder.release();
    },
  };
}
