import { createNoiseSchedule } from '../../diffusion/noise-schedule.ts';
import { resizeBicubic } from '../../image/resize-bicubic.ts';
import { openClipTokenizer } from '../../text/clip-tokenizer.ts';
import type { ModelFolder } from '../../weights/open-model-folder.ts';
import { openVisionEncoder, stackRows } from '../frozen-encoders.ts';
import { initialWeights } from '../initial-weights.ts';
import { constantRate } from '../learning-rate.ts';
import { noiseLatents } from '../noising.ts';
import { loadInto } from '../parameter-vector.ts';
import { picturePlanes, toClipPixels } from '../pixels.ts';
import { unetProjections } from '../projections.ts';
import { createRandom } from '../random.ts';
import type { OpenStage } from '../stage.ts';
import { globalStage } from '../stages/global-stage.ts';
import { augmentPhoto } from './augment.ts';
import { openPhotoLatents } from './photo-latents.ts';
import { samplePhotoPrompt } from './photo-prompt.ts';
import type { PhotoSource } from './photo-source.ts';

export type PhotoStageOptions = {
  steps: number;
  batchSize: number;
  accumulate: number;
  /** As it is applied; the authors' scripts multiply theirs by batch size, accumulated batches and GPUs. */
  learningRate: number;
  /** Side of the pictures that are denoised, in pixels. */
  sizePx: number;
  seed: number;
  averageDecay?: number;
  threads?: number;
};

/**
 * ELITE's global stage as its authors train it: the photo, augmented, is mapped to words, and with them in a template's sentence the UNet is to
 * denoise the photo itself. Starts from the folder's global mapper, or without one from random networks and the UNet's own projections.
 */
export async function photoGlobalStage(
  model: ModelFolder,
  source: PhotoSource,
  options: PhotoStageOptions,
): Promise<OpenStage> {
  const { steps, batchSize, accumulate, learningRate, sizePx, seed, averageDecay, threads } = options;
  const { config, checkpoints } = model;
  const schedule = createNoiseSchedule(model.schedule);
  const tokenizer = openClipTokenizer(model.tokenizerFolder);
  const vision = await openVisionEncoder({ config, checkpoints, threads });
  const latents = await openPhotoLatents(model, sizePx, threads);
  const training = globalStage(config, { batchSize, latentSize: latents.shape[1] });
  const allWords = [...Array(config.mapping.words).keys()];
  return {
    name: 'global',
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
          const prompts = photos.map(() =>
            samplePhotoPrompt(tokenizer, config, { opening: 'a', words: allWords, random }),
          );
          const targets = photos.map(({ picture }) => resizeBicubic(picture, sizePx, sizePx));
          const seen = photos.map(({ picture }) => augmentPhoto(picture, config.vision.imageSize, random));
          const clean = await latents.encode(targets, random);
          return {
            ...noiseLatents(clean, [batchSize, ...latents.shape], schedule, random),
            features: await vision.features(picturePlanes(seen, toClipPixels)),
            token_ids: stackRows(prompts.map(({ tokenIds }) => tokenIds)),
            word_positions: stackRows(prompts.map(({ wordPositions }) => wordPositions)),
          };
        },
      },
    ],
    initial: () => {
      const weights = initialWeights(training.layout, seed);
      loadInto(weights, training.layout, 'global_mapper', unetProjections(checkpoints.get('unet')!));
      loadInto(weights, training.layout, 'global_mapper', checkpoints.get('global_mapper') ?? new Map());
      return weights;
    },
    options: { learningRate: constantRate(learningRate), accumulate, averageDecay },
    close: async () => {
      await vision.close();
      await latents.close();
    },
  };
}
