import type { Graph } from '../graph/graph.ts';
import type { OpSet } from '../graph/op-sets/op-set.ts';
import type { PictureSize } from '../image/picture.ts';
import type { EliteConfig } from '../models/elite-config.ts';
import { vaeFactor } from '../models/vae.ts';
import { type FloatTensor, openSession, type Session, type SessionOptions } from '../runtime/session.ts';
import { type Checkpoints, checkWeights } from '../weights/bind-weights.ts';
import { finiteSession } from './finite-session.ts';
import { allGraphs, networkGraphs } from './network-graphs.ts';
import type { PlacedWords } from './place-words.ts';

/** One sample of a denoising call. Rows of different jobs may share a call: a row's result does not depend on its neighbours. */
export type UNetRow = {
  /** [channels, h, w], divided by √(σ² + 1) */
  readonly latents: Float32Array;
  readonly timestep: number;
  /** The encoded prompt [tokens, dim]. */
  readonly context: Float32Array;
  /** The concept's patches [patches, dim]. */
  readonly local: Float32Array;
  /** The placeholder's token. */
  readonly placeholderIndex: number;
  /** λ; 0 for an unconditional row. */
  readonly strength: number;
};

/** Predicts the noise in each row, [channels, h, w], for pictures of `size`. */
export type PredictNoise = (size: PictureSize, rows: readonly UNetRow[]) => Promise<Float32Array[]>;

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

/**
 * Checks every weight against the architecture, then opens the sessions that `size` needs; those of other sizes follow when first used.
 *
 * @throws WeightsMismatchError listing every weight that is missing, extra or mis-shaped.
 */
export async function openNetworks(
  config: EliteConfig,
  checkpoints: Checkpoints,
  size: PictureSize,
  ops: OpSet,
  options: SessionOptions = {},
): Promise<Networks> {
  const { vision, text, mapping, unet, vae } = config;
  const factor = vaeFactor(vae);
  const latentSize = ({ height, width }: PictureSize) => ({ height: height / factor, width: width / factor });
  const graphs = networkGraphs(config, ops);
  checkWeights(allGraphs(graphs, size), checkpoints);

  const sessions: Session[] = [];
  const open = async (graph: Graph) => {
    const session = await openSession(graph, checkpoints, options);
    sessions.push(session);
    return finiteSession(session, graph, checkpoints);
  };
  const openBySize = (graphOf: (picture: PictureSize) => Graph) => {
    const opened = new Map<string, Promise<Session>>();
    return (picture: PictureSize) => {
      const key = `${picture.width}×${picture.height}`;
      const session = opened.get(key) ?? open(graphOf(picture));
      opened.set(key, session);
      return session;
    };
  };
  const visionSession = await open(graphs.vision);
  const textSession = await open(graphs.text);
  const globalSession = await open(graphs.global);
  const localSession = await open(graphs.local);
  const unetSession = openBySize(graphs.unet);
  const decoderSession = openBySize(graphs.vaeDecoder);
  await unetSession(size);
  await decoderSession(size);

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
    predictNoise: async (picture, rows) => {
      const { height, width } = latentSize(picture);
      const session = await unetSession(picture);
      const outputs = await session.run({
        latents: stack(
          rows.map(({ latents }) => latents),
          [unet.latentChannels, height, width],
        ),
        timestep: { data: Float32Array.from(rows, ({ timestep }) => timestep), shape: [rows.length] },
        context: stack(
          rows.map(({ context }) => context),
          [text.positions, unet.contextSize],
        ),
        local: stack(
          rows.map(({ local }) => local),
          [mapping.patches, unet.contextSize],
        ),
        placeholder_index: {
          data: Int32Array.from(rows, ({ placeholderIndex }) => placeholderIndex),
          shape: [rows.length],
        },
        strength: { data: Float32Array.from(rows, ({ strength }) => strength), shape: [rows.length] },
      });
      return unstack(outputs.noise);
    },
    decodeLatents: async (picture, latents) => {
      const { height, width } = latentSize(picture);
      const unscaled = latents.map((value) => value / vae.scalingFactor);
      const session = await decoderSession(picture);
      const outputs = await session.run({ latents: { data: unscaled, shape: [1, vae.latentChannels, height, width] } });
      return outputs.image.data;
    },
    release: async () => {
      await Promise.all(sessions.map((session) => session.release()));
    },
  };
}

/** Samples of one shape as a batch. */
function stack(samples: readonly Float32Array[], shape: readonly number[]): FloatTensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const data = new Float32Array(samples.length * size);
  for (const [index, sample] of samples.entries()) {
    if (sample.length !== size)
      throw new Error(`expected samples of [${shape.join(', ')}], got ${sample.length} numbers`);
    data.set(sample, index * size);
  }
  return { data, shape: [samples.length, ...shape] };
}

function stackIntegers(samples: readonly Int32Array[]) {
  return {
    data: Int32Array.from(samples.flatMap((sample) => [...sample])),
    shape: [samples.length, samples[0].length],
  };
}

/** The samples of a batch. */
function unstack({ data, shape }: FloatTensor): Float32Array[] {
  const size = data.length / shape[0];
  return Array.from({ length: shape[0] }, (_, index) => data.slice(index * size, (index + 1) * size));
}
