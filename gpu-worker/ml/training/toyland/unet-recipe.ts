import { mapperKey } from '../../layers/dual-cross-attention.ts';
import { clipTextComponent, unetComponent, writeComponent } from '../component-files.ts';
import { initialWeights } from '../initial-weights.ts';
import { cosineRate, restartedRate } from '../learning-rate.ts';
import { noiseLatents } from '../noising.ts';
import { loadInto, namedTensors } from '../parameter-vector.ts';
import { createRandom, type Random } from '../random.ts';
import type { Phase } from '../stage.ts';
import { unetStage } from '../stages/unet-stage.ts';
import { measureBaseModel, previewBaseModel } from './base-quality.ts';
import { captionOf } from './caption.ts';
import { type LatentCache, openLatentCache } from './latent-cache.ts';
import { figures, maskGrid } from './object-masks.ts';
import { captionTensors, writeTokenizer } from './prompts.ts';
import type { Recipe } from './recipe.ts';
import { writeToylandSettings } from './settings.ts';
import { chooseDecisive, chooseTimestep, decisiveWeight, remainingWeight, schedule } from './timesteps.ts';
import { componentWeights } from './trained-model.ts';
import { writeUntrainedMappers } from './untrained-mappers.ts';

const noiseOffset = 0.05;
/** Captions left empty, so that the model also knows what guidance guides away from. */
const emptyShare = 0.1;
/** The text encoder, which CLIP has trained, follows more slowly than the UNet. */
const textRateFactor = 0.3;

/** The rate that details start from, as a share of the first. */
const detailRate = 0.6;

/** Which timesteps are drawn, what they count for, and what a place counts for that shows the character or something it wears. */
type Emphasis = {
  chooseTimestep: (random: Random) => number;
  weightOf: (timestep: number) => number;
  figureWeight: number;
};

/** Outlines, which nearly pure noise decides, get their share. */
const onOutlines: Emphasis = { chooseTimestep, weightOf: remainingWeight, figureWeight: 1 };

/** Stripes, spots and checks are decided with much noise too, and on a quarter of the picture. */
const onDetails: Emphasis = { chooseTimestep: chooseDecisive, weightOf: decisiveWeight, figureWeight: 4 };

/**
 * A text-to-image model of toyland: first on pictures of half the size, a quarter of the work, then on whole ones; outlines first, then details.
 */
export const unetRecipe: Recipe = {
  name: 'unet',

  async stage(context) {
    const { album, plan, modelFolder, seed } = context;
    const { steps, fullSteps, detailSteps, batchSize, accumulate, learningRate, averageDecay } = plan.unet;
    const tokenizer = writeTokenizer(modelFolder);
    const [half, full] = [await openLatentCache(context, { half: true }), await openLatentCache(context)];
    const phase = (
      untilStep: number,
      cache: LatentCache,
      { chooseTimestep, weightOf, figureWeight }: Emphasis,
    ): Phase => ({
      untilStep,
      training: unetStage(plan.networks, { batchSize, latentSize: cache.shape[1] }),
      frozen: new Map(),
      batchOf: async (step, part) => {
        const random = createRandom(seed, step, part);
        const indices = Array.from({ length: batchSize }, () => random.integer(album.count));
        const captions = indices.map((index) =>
          random.chance(emptyShare) ? '' : captionOf(album.depiction(index), random),
        );
        const clean = await cache.read(indices);
        const noised = noiseLatents(clean, [batchSize, ...cache.shape], schedule, random, {
          offset: noiseOffset,
          chooseTimestep,
        });
        const [, side] = cache.shape;
        const figure = maskGrid(figures(album.labels(indices)), batchSize, side);
        const weight = figure.map(
          (seen, i) => weightOf(noised.timestep.data[Math.floor(i / side ** 2)]) * (seen === 1 ? figureWeight : 1),
        );
        return {
          ...noised,
          token_ids: captionTensors(tokenizer, captions).token_ids,
          weight: { data: weight, shape: [batchSize, 1, side, side] },
        };
      },
    });
    const outlineSteps = steps + fullSteps;
    const phases = [
      phase(steps, half, onOutlines),
      phase(outlineSteps, full, onOutlines),
      phase(outlineSteps + detailSteps, full, onDetails),
    ];
    const first = cosineRate(learningRate, { steps: outlineSteps, warmupSteps: 500 });
    const restarted = cosineRate(learningRate * detailRate, { steps: detailSteps, warmupSteps: 100 });
    const { layout } = phases[0].training;
    return {
      name: 'unet',
      phases,
      initial: () => {
        const weights = initialWeights(layout, seed);
        loadInto(weights, layout, 'text_encoder', componentWeights(modelFolder, 'text_encoder'));
        return weights;
      },
      options: {
        learningRate: restartedRate(first, restarted, outlineSteps),
        rateFactor: ({ checkpoint }) => (checkpoint === 'text_encoder' ? textRateFactor : 1),
        accumulate,
        averageDecay,
      },
      close: async () => {
        await half.close();
        await full.close();
      },
    };
  },

  /**
   * The projections of cross-attention go into the UNet's own file, under its own names. With mappers that are not trained yet the model folder is
   * whole, and can draw what has no concept in it.
   */
  async write({ plan, modelFolder, seed }, { phases }, { average }) {
    const { graph, layout } = phases[0].training;
    const projections = namedTensors(layout, average, 'global_mapper');
    const tensors = namedTensors(layout, average, 'unet');
    for (const { checkpoint, key, value } of graph.parameters.values()) {
      if (checkpoint === 'unet' && value === null) tensors.set(key, projections.get(mapperKey(key))!);
    }
    const { unet, text } = plan.networks;
    writeComponent(
      modelFolder,
      unetComponent(unet, plan.sizePx / 2 ** (plan.networks.vae.blockChannels.length - 1)),
      tensors,
    );
    writeComponent(modelFolder, clipTextComponent(text), namedTensors(layout, average, 'text_encoder'));
    writeToylandSettings(modelFolder, plan);
    writeUntrainedMappers(modelFolder, plan.networks, seed);
  },

  measure: measureBaseModel,
  preview: previewBaseModel,
};
