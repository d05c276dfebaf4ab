import type { OpSet } from '../graph/op-sets/op-set.ts';
import type { PictureSize } from '../image/picture.ts';
import type { EliteConfig } from '../models/elite-config.ts';
import { vaeFactor } from '../models/vae.ts';
import { isAccelerated, type OpenOptions } from '../runtime/open-warm-session.ts';
import { type Checkpoints, checkWeights } from '../weights/bind-weights.ts';
import { BATCH_BUCKETS, inBuckets } from './batch-buckets.ts';
import { allGraphs, networkGraphs } from './network-graphs.ts';
import { type NetworkSessions, networkSessions } from './network-sessions.ts';
import type { PlacedWords } from './place-words.ts';
import { stack, stackIntegers, unstack } from './stack-samples.ts';
import { isShallow, type PredictNoise, unetInputs } from './unet-rows.ts';

/**
 * ELITE's networks, loaded and ready to run. Every call blocks the thread until it is done, and throws WeightsError or NonFiniteError
 * rather than return what is not a number.
 */
export type Networks = {
  /** Normalised pixels [3, size, size] of each image → features [words, 1 + patches, hidden] of each. */
  visionFeatures(images: readonly Float32Array[]): Promise<Float32Array[]>;
  /** Features → [words, dim]. */
  mapGlobal(features: Float32Array): Promise<Float32Array>;
  /** Features of the object and its patch mask [patches] → [patches, dim]. */
  mapLocal(features: Float32Array, mask: Float32Array): Promise<Float32Array>;
  /** Prompts with words of a concept [words, dim] in them → contexts [tokens, dim]. */
  encodeText(prompts: readonly (PlacedWords & { readonly words: Float32Array })[]): Promise<Float32Array[]>;
  predictNoise: PredictNoise;
  /** Latents [channels, h, w] as they leave the sampler → a picture [3, height, width], about −1…1. */
  decodeLatents(size: PictureSize, latents: Float32Array): Promise<Float32Array>;
  release(): Promise<void>;
};

/** A photo or a prompt comes alone or with another: the masked photo, the negative prompt. */
const ONE_OR_TWO = [1, 2];
const ONE = [1];

/**
 * Checks every weight against the architecture, then opens the sessions that `size` needs; those of other sizes follow when first used. On an
 * accelerator, rows of a denoising call run in batches of a few fixed sizes, and every session has run at each of its sizes before it is used.
 *
 * @throws WeightsMismatchError listing every weight that is missing, extra or mis-shaped, ProviderError. Nothing stays open then.
 */
export async function openNetworks(
  config: EliteConfig,
  checkpoints: Checkpoints,
  size: PictureSize,
  ops: OpSet,
  options: OpenOptions = {},
): Promise<Networks> {
  const graphs = networkGraphs(config, ops);
  checkWeights(allGraphs(graphs, size), checkpoints);
  const sessions = networkSessions(checkpoints, options);
  try {
    return await openAll(config, graphs, size, {
      sessions,
      unetBatches: batchSizes(ops, options),
      warmed: isAccelerated(options),
    });
  } catch (error) {
    await sessions.release();
    throw error;
  }
}

/** How many rows a denoising call may have; null for any number. */
function batchSizes(ops: OpSet, options: OpenOptions): readonly number[] | null {
  if (ops.sharesScales) return ONE;
  return isAccelerated(options) ? BATCH_BUCKETS : null;
}

type Opening = {
  readonly sessions: NetworkSessions;
  readonly unetBatches: readonly number[] | null;
  /** Whether sessions are slow to open and have to be there before they are used. */
  readonly warmed: boolean;
};

async function openAll(
  config: EliteConfig,
  graphs: ReturnType<typeof networkGraphs>,
  size: PictureSize,
  { sessions, unetBatches, warmed }: Opening,
): Promise<Networks> {
  const { vision, mapping, vae } = config;
  const factor = vaeFactor(vae);
  const latentSize = ({ height, width }: PictureSize) => ({ height: height / factor, width: width / factor });
  const visionSession = await sessions.open(graphs.vision, ONE_OR_TWO);
  const textSession = await sessions.open(graphs.text, ONE_OR_TWO);
  const globalSession = await sessions.open(graphs.global, ONE);
  const localSession = await sessions.open(graphs.local, ONE);
  const unetSession = sessions.openBySize(graphs.unet, unetBatches ?? []);
  const shallowSession = sessions.openBySize(graphs.shallowUNet, unetBatches ?? []);
  const decoderSession = sessions.openBySize(graphs.vaeDecoder, ONE);
  await unetSession(size);
  await decoderSession(size);
  if (warmed) await shallowSession(size); // on a processor it opens in no time, if anybody asks for it

  const predictNoise: PredictNoise = async (picture, rows) => {
    const inputs = unetInputs(rows, config, latentSize(picture));
    if (isShallow(rows)) {
      const { noise } = await (await shallowSession(picture)).run(inputs);
      return unstack(noise).map((noise) => ({ noise, deep: null }));
    }
    const session = await unetSession(picture);
    const keepsDeep = rows.some((row) => row.keepsDeep);
    const outputs = await session.run(inputs, {}, keepsDeep ? ['noise', 'deep'] : ['noise']);
    const deep = keepsDeep ? unstack(outputs.deep) : [];
    return unstack(outputs.noise).map((noise, i) => ({ noise, deep: rows[i].keepsDeep ? deep[i] : null }));
  };
  const featureShape = [1, mapping.words, mapping.patches + 1, mapping.featureSize];
  return {
    visionFeatures: async (images) => {
      const pixels = stack(images, [3, vision.imageSize, vision.imageSize]);
      return unstack((await visionSession.run({ pixels })).features);
    },
    mapGlobal: async (features) =>
      (await globalSession.run({ features: { data: features, shape: featureShape } })).words.data,
    mapLocal: async (features, mask) => {
      const inputs = {
        features: { data: features, shape: featureShape },
        mask: { data: mask, shape: [1, mapping.patches, 1] },
      };
      return (await localSession.run(inputs)).local.data;
    },
    encodeText: async (prompts) => {
      const outputs = await textSession.run({
        token_ids: stackIntegers(prompts.map(({ tokenIds }) => tokenIds)),
        words: stack(
          prompts.map(({ words }) => words),
          [mapping.words, mapping.wordSize],
        ),
        word_positions: stackIntegers(prompts.map(({ wordPositions }) => wordPositions)),
      });
      return unstack(outputs.context);
    },
    predictNoise: unetBatches
      ? (picture, rows) => inBuckets(unetBatches, rows, (batch) => predictNoise(picture, batch))
      : predictNoise,
    decodeLatents: async (picture, latents) => {
      const { height, width } = latentSize(picture);
      const unscaled = latents.map((value) => value / vae.scalingFactor);
      const session = await decoderSession(picture);
      const outputs = await session.run({ latents: { data: unscaled, shape: [1, vae.latentChannels, height, width] } });
      return outputs.image.data;
    },
    release: sessions.release,
  };
}
