import { createNoiseSchedule } from '../../diffusion/noise-schedule.ts';
import type { Mask, Picture } from '../../image/picture.ts';
import { resizeBicubic } from '../../image/resize-bicubic.ts';
import { resizeMask } from '../../image/resize-mask.ts';
import { gridSize } from '../../models/clip-vision.ts';
import { openClipTokenizer } from '../../text/clip-tokenizer.ts';
import type { ModelFolder } from '../../weights/open-model-folder.ts';
import { openContextEncoder, openVisionEncoder } from '../frozen-encoders.ts';
import { initialWeights } from '../initial-weights.ts';
import { constantRate } from '../learning-rate.ts';
import { noiseLatents } from '../noising.ts';
import { loadInto } from '../parameter-vector.ts';
import { picturePlanes, toClipPixels } from '../pixels.ts';
import { mapperProjections } from '../projections.ts';
import { createRandom } from '../random.ts';
import type { OpenStage } from '../stage.ts';
import { localStage } from '../stages/local-stage.ts';
import { augmentObject, placePhoto } from './augment.ts';
import type { PhotoStageOptions } from './photo-global-stage.ts';
import { openPhotoLatents } from './photo-latents.ts';
import { samplePhotoPrompt } from './photo-prompt.ts';
import type { PhotoSource } from './photo-source.ts';

/** The authors train with the local branch at full weight. */
const strength = 1;

/**
 * ELITE's local stage as its authors train it: with the primary word in the prompt, the features of the object alone are to add the details that
 * it lacks. The target is the photo placed at some size in its frame; only its object counts. Every photo needs a mask.
 */
export async function photoLocalStage(
  model: ModelFolder,
  source: PhotoSource,
  options: PhotoStageOptions,
): Promise<OpenStage> {
  const { steps, batchSize, accumulate, learningRate, sizePx, seed, averageDecay, threads } = options;
  const { config, checkpoints } = model;
  const schedule = createNoiseSchedule(model.schedule);
  const tokenizer = openClipTokenizer(model.tokenizerFolder);
  const vision = await openVisionEncoder({ config, checkpoints, threads });
  const contexts = await openContextEncoder({ config, checkpoints, threads });
  const latents = await openPhotoLatents(model, sizePx, threads);
  const latentSize = latents.shape[1];
  const training = localStage(config, { batchSize, latentSize });
  const { imageSize } = config.vision;
  const grid = gridSize(config.vision);
  return {
    name: 'local',
    phases: [
      {
        untilStep: steps,
        training,
        frozen: checkpoints,
        batchOf: async (step, part) => {
          const random = createRandom(seed, step, part);
          const photos = await Promise.all(
            Array.from({ length: batchSize }, () => source.read(random.integer(source.count), random)),
          );
          const whole = photos.map(({ picture }) => resizeBicubic(picture, imageSize, imageSize));
          const objects = photos.map(({ picture, mask }) =>
            augmentObject(blackenScene(picture, mask!), mask!, imageSize, random),
          );
          const targets = photos.map((photo) => placePhoto(photo, sizePx, random));
          const prompts = targets.map(({ opening }) =>
            samplePhotoPrompt(tokenizer, config, { opening, words: [0], random }),
          );
          const clean = await latents.encode(
            targets.map(({ picture }) => picture),
            random,
          );
          return {
            ...noiseLatents(clean, [batchSize, ...latents.shape], schedule, random),
            context: await contexts.contexts(await vision.features(picturePlanes(whole, toClipPixels)), prompts),
            placeholder_index: {
              data: Int32Array.from(prompts, ({ placeholderIndex }) => placeholderIndex),
              shape: [batchSize],
            },
            features: await vision.features(
              picturePlanes(
                objects.map(({ picture }) => picture),
                toClipPixels,
              ),
            ),
            patch_mask: {
              data: maskRows(
                objects.map(({ mask }) => mask),
                grid,
              ),
              shape: [batchSize, grid ** 2, 1],
            },
            strength: { data: new Float32Array(batchSize).fill(strength), shape: [batchSize] },
            latent_mask: {
              data: maskRows(
                targets.map(({ mask }) => mask),
                latentSize,
              ),
              shape: [batchSize, 1, latentSize, latentSize],
            },
          };
        },
      },
    ],
    initial: () => {
      const weights = initialWeights(training.layout, seed);
      loadInto(weights, training.layout, 'local_mapper', mapperProjections(checkpoints.get('global_mapper')!));
      loadInto(weights, training.layout, 'local_mapper', checkpoints.get('local_mapper') ?? new Map());
      return weights;
    },
    options: { learningRate: constantRate(learningRate), accumulate, averageDecay },
    close: async () => {
      await vision.close();
      await contexts.close();
      await latents.close();
    },
  };
}

function blackenScene(picture: Picture, { object }: Mask): Picture {
  return { ...picture, rgb: picture.rgb.map((level, i) => level * object[Math.floor(i / 3)]) };
}

/** Masks at the size of a grid, one after another. */
function maskRows(masks: readonly Mask[], side: number): Float32Array {
  return Float32Array.from(masks.flatMap((mask) => [...resizeMask(mask, side, side).object]));
}
