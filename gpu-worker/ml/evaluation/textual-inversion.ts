import { createNoiseSchedule } from '../diffusion/noise-schedule.ts';
import { placeWords } from '../elite/place-words.ts';
import { portable } from '../graph/op-sets/portable.ts';
import type { Picture } from '../image/picture.ts';
import { vaeEncoderGraph, vaeFactor } from '../models/vae.ts';
import { openSession } from '../runtime/session.ts';
import { openClipTokenizer } from '../text/clip-tokenizer.ts';
import { encodeConceptPrompt } from '../text/encode-prompt.ts';
import { stackRows } from '../training/frozen-encoders.ts';
import { constantRate } from '../training/learning-rate.ts';
import { noiseLatents } from '../training/noising.ts';
import { picturePlanes, toUnit } from '../training/pixels.ts';
import { createRandom } from '../training/random.ts';
import { inversionStage } from '../training/stages/inversion-stage.ts';
import { type Batch, train } from '../training/train.ts';
import { startState } from '../training/training-state.ts';
import type { ModelFolder } from '../weights/open-model-folder.ts';
import { readTensor } from '../weights/read-tensor.ts';

export type InversionOptions = {
  steps: number;
  batchSize: number;
  learningRate: number;
  /** Sentences with the placeholder in them. */
  prompts: readonly string[];
  placeholder: string;
  /** The plain word that the search starts from. */
  category: string;
  seed: number;
  threads?: number;
};

/** A word found by descent, and how long the search took. */
export type InvertedWord = { word: Float32Array; seconds: number };

/** Opens a model for textual inversion: square photo → the word whose prompts let the model denoise it best. */
export async function openTextualInversion(model: ModelFolder, sizePx: number, options: InversionOptions) {
  const { config, checkpoints } = model;
  const { batchSize, threads, placeholder } = options;
  const schedule = createNoiseSchedule(model.schedule);
  const tokenizer = openClipTokenizer(model.tokenizerFolder);
  const [startToken] = tokenizer.encode(options.category);
  const embeddings = readTensor(checkpoints.get('text_encoder')!.get('text_model.embeddings.token_embedding.weight')!);
  const { hiddenSize, positions } = config.text;
  const encoder = await openSession(
    vaeEncoderGraph(config.vae, { height: sizePx, width: sizePx }, portable),
    checkpoints,
    { threads },
  );
  const latentSize = sizePx / vaeFactor(config.vae);
  const training = inversionStage(config, { batchSize, latentSize });
  const session = await openSession(training.graph, checkpoints, { threads, training: true });
  const shape = [batchSize, config.unet.latentChannels, latentSize, latentSize];

  return {
    async invert(photo: Picture): Promise<InvertedWord> {
      const started = performance.now();
      const { mean } = await encoder.run({ image: picturePlanes([photo], toUnit) });
      const clean = Float32Array.from(
        { length: batchSize * mean.data.length },
        (_, i) => mean.data[i % mean.data.length] * config.vae.scalingFactor,
      );
      const batchOf = async (step: number): Promise<Batch> => {
        const random = createRandom(options.seed, step);
        const rows = Array.from({ length: batchSize }, () => {
          const encoded = encodeConceptPrompt(tokenizer, random.pick(options.prompts), placeholder, positions);
          return placeWords(encoded.tokenIds, encoded.placeholderIndex, [0], { wordCount: 1 });
        });
        return {
          ...noiseLatents(clean, shape, schedule, random),
          token_ids: stackRows(rows.map(({ tokenIds }) => tokenIds)),
          word_positions: stackRows(rows.map(({ wordPositions }) => wordPositions)),
        };
      };
      const word = embeddings.slice(startToken * hiddenSize, (startToken + 1) * hiddenSize);
      const state = startState(word, { averaged: false });
      const learningRate = constantRate(options.learningRate);
      const run = train(training, [session], batchOf, state, { steps: options.steps, learningRate, weightDecay: 0 });
      while (!(await run.next()).done);
      return { word: state.parameters, seconds: (performance.now() - started) / 1000 };
    },
    async close() {
      await encoder.release();
      await session.release();
    },
  };
}
