import { staticDim } from '../graph/dims.ts';
import { Graph, type Value } from '../graph/graph.ts';
import type { OpSet } from '../graph/op-sets/op-set.ts';
import { cast, concat, cos, equal, multiply, reshape, sin } from '../graph/ops.ts';
import { rootScope, type Scope } from '../graph/scope.ts';
import { silu } from '../layers/activation.ts';
import { convolution, downsample, evenPadding, upsample } from '../layers/convolution.ts';
import type { Concept } from '../layers/dual-cross-attention.ts';
import { linear } from '../layers/linear.ts';
import { groupNorm } from '../layers/normalization.ts';
import { resnetBlock } from '../layers/resnet-block.ts';
import { spatialTransformer } from '../layers/transformer-block.ts';

export type UNetConfig = {
  readonly latentChannels: number;
  /** Channels of each level, from full resolution down. */
  readonly blockChannels: readonly number[];
  /** Which levels attend to the prompt, in the order of `blockChannels`. */
  readonly blockAttention: readonly boolean[];
  /** ResNet blocks of a level on the way down; one more on the way up. */
  readonly layersPerBlock: number;
  readonly contextSize: number;
  readonly heads: number;
  readonly groups: number;
  readonly epsilon: number;
};

/** Stable Diffusion v1-4. */
export const SD_V1_4_UNET: UNetConfig = {
  latentChannels: 4,
  blockChannels: [320, 640, 1280, 1280],
  blockAttention: [true, true, true, false],
  layersPerBlock: 2,
  contextSize: 768,
  heads: 8,
  groups: 32,
  epsilon: 1e-5,
};

/** The time embedding is this many times as wide as the first level. */
const TIME_EMBEDDING_FACTOR = 4;
const LONGEST_PERIOD = 10_000;

/**
 * How many skip connections, from the outermost in, a shallow call computes itself: the first convolution's and the first layer's. DeepCache (Ma et al.
 * 2024, §3.2) leaves the choice open; more cost more and stay closer to the whole network.
 */
const SHALLOW_SKIPS = 2;

/**
 * Stable Diffusion's denoising network (Rombach et al. 2022) with ELITE's dual cross-attention: latents [batch, channels, h, w] at a noise
 * level's `timestep` [batch], which may be fractional → the predicted noise [batch, channels, h, w].
 */
export function unet(at: Scope, latents: Value, timestep: Value, concept: Concept, config: UNetConfig): Value {
  return denoise(at, latents, timestep, concept, config).noise;
}

/**
 * The network in two parts: `deep` is what its inner layers make of the features of the outer ones. It changes slowly from step to step; where
 * it is given, only the outer layers are computed (DeepCache, Ma et al. 2024, §3.2).
 */
function denoise(
  at: Scope,
  latents: Value,
  timestep: Value,
  concept: Concept,
  config: UNetConfig,
  given?: Value,
): { noise: Value; deep: Value } {
  const { down, middle, up, output } = unetLayers(at, timestep, concept, config);
  const skips = [latents];
  const descend = (layers: readonly DownLayer[]) => {
    for (const layer of layers) skips.push(layer(skips.at(-1)!));
  };
  const ascend = (h: Value, layers: readonly UpLayer[]) => layers.reduce((x, layer) => layer(x, skips.pop()!), h);

  descend(down.slice(0, SHALLOW_SKIPS));
  let deep = given;
  if (!deep) {
    descend(down.slice(SHALLOW_SKIPS));
    deep = ascend(middle(skips.at(-1)!), up.slice(0, -SHALLOW_SKIPS));
  }
  return { noise: output(ascend(deep, up.slice(-SHALLOW_SKIPS))), deep };
}

/** Each gives a skip connection … */
type DownLayer = (h: Value) => Value;
/** … and each takes one, the last given first. */
type UpLayer = (h: Value, skip: Value) => Value;

/** Shape of `deep` of one row [channels, h, w], for latents of a height and width. */
export function deepShape(
  { blockChannels, layersPerBlock }: UNetConfig,
  { height, width }: Pick<UNetGraphSize, 'height' | 'width'>,
): readonly number[] {
  const [outermost, next = outermost] = blockChannels;
  const isWithinLastBlock = layersPerBlock + 1 > SHALLOW_SKIPS;
  return [isWithinLastBlock ? outermost : next, height, width];
}

function unetLayers(at: Scope, timestep: Value, concept: Concept, config: UNetConfig) {
  const { blockChannels, blockAttention, layersPerBlock, groups, epsilon, heads } = config;
  const timeEmbedding = silu(at, embedTimestep(at, timestep, blockChannels[0]));
  const lastLevel = blockChannels.length - 1;
  const resnet = (scope: Scope, x: Value, outChannels: number) =>
    resnetBlock(scope, x, { outChannels, groups, epsilon, timeEmbedding });
  const transformer = (scope: Scope, x: Value) => spatialTransformer(scope, x, { heads, groups, concept });
  const layer = (block: Scope, index: number, level: number, x: Value) => {
    const h = resnet(block.at(`resnets.${index}`), x, blockChannels[level]);
    return blockAttention[level] ? transformer(block.at(`attentions.${index}`), h) : h;
  };

  const first = at.at('conv_in');
  const down: DownLayer[] = [(latents) => first.tap(convolution(first, latents, blockChannels[0], { kernel: 3 }))];
  const up: UpLayer[] = [];
  for (const level of blockChannels.keys()) {
    const block = at.at(`down_blocks.${level}`);
    for (let index = 0; index < layersPerBlock; index++) down.push((h) => layer(block, index, level, h));
    if (level < lastLevel) down.push((h) => downsample(block.at('downsamplers.0'), h, evenPadding(1)));
    const last = down.pop()!;
    down.push((h) => block.tap(last(h)));
  }
  for (const [number, level] of [...blockChannels.keys()].reverse().entries()) {
    const block = at.at(`up_blocks.${number}`);
    for (let index = 0; index < layersPerBlock; index++)
      up.push((h, skip) => layer(block, index, level, at.ops.images.concat(h, skip)));
    up.push((x, skip) => {
      const h = layer(block, layersPerBlock, level, at.ops.images.concat(x, skip));
      return block.tap(level > 0 ? upsample(block.at('upsamplers.0'), h) : h);
    });
  }
  return {
    down,
    middle: (x: Value) => {
      const block = at.at('mid_block');
      const h = transformer(block.at('attentions.0'), resnet(block.at('resnets.0'), x, blockChannels[lastLevel]));
      return block.tap(resnet(block.at('resnets.1'), h, blockChannels[lastLevel]));
    },
    up,
    output: (x: Value) => {
      const h = at.at('conv_norm_out').tap(groupNorm(at.at('conv_norm_out'), x, { groups, epsilon, silu: true }));
      return at
        .at('conv_out')
        .tap(at.ops.images.toPlain(convolution(at.at('conv_out'), h, config.latentChannels, { kernel: 3 })));
    },
  };
}

/** Sinusoids of the timestep, cosines first, then a two-layer perceptron: [batch] → [batch, 4·channels]. */
function embedTimestep(at: Scope, timestep: Value, channels: number): Value {
  const half = channels / 2;
  const frequencies = Float32Array.from({ length: half }, (_, i) => Math.exp((-Math.log(LONGEST_PERIOD) * i) / half));
  const angles = multiply(reshape(timestep, [timestep.shape[0], 1]), timestep.graph.constant(frequencies, [1, half]));
  const sinusoids = at.at('time_proj').tap(concat([cos(angles), sin(angles)], 1)); // [batch, channels], in float32: half precision cannot tell 999 from 999.5
  const embedding = at.at('time_embedding');
  const hidden = silu(at, linear(embedding.at('linear_1'), sinusoids, channels * TIME_EMBEDDING_FACTOR));
  return embedding.tap(linear(embedding.at('linear_2'), hidden, channels * TIME_EMBEDDING_FACTOR));
}

/** 1 at each sample's placeholder token, 0 elsewhere: index [batch] int32 → [batch, 1, tokens, 1]. */
export function placeholderColumn(index: Value, tokens: number): Value {
  const range = index.graph.constant(Int32Array.from({ length: tokens }, (_, token) => token));
  const hits = equal(reshape(range, [1, 1, tokens, 1]), reshape(index, [index.shape[0], 1, 1, 1]));
  return cast(hits, 'float32');
}

export type UNetGraphSize = {
  /** Height and width of the latents: an eighth of the picture's for Stable Diffusion. */
  readonly height: number;
  readonly width: number;
  /** Tokens of the prompt. */
  readonly tokens: number;
  /** Patches of the concept. */
  readonly patches: number;
};

/**
 * One denoising call for rows of any jobs: `latents`, `timestep` [batch], `context` [batch, tokens, dim], `local` [batch, patches, dim],
 * `placeholder_index` [batch] int32, `strength` [batch] (λ; 0 for unconditional rows, whose index must still name a token) → `noise`, and `deep`
 * [batch, channels, h, w], what a shallow call at a later step may take.
 */
export function unetGraph(config: UNetConfig, size: UNetGraphSize, ops: OpSet): Graph {
  const graph = new Graph('unet');
  const { at, latents, timestep, concept } = declareInputs(graph, config, size, ops);
  const { noise, deep } = denoise(at, latents, timestep, concept, config);
  graph.output('noise', cast(noise, 'float32'));
  graph.output('deep', cast(ops.images.toPlain(deep), 'float32'));
  return graph;
}

/** The same call with the outer layers alone: it takes `deep` too → `noise`. */
export function shallowUNetGraph(config: UNetConfig, size: UNetGraphSize, ops: OpSet): Graph {
  const graph = new Graph('unet_shallow');
  const { at, latents, timestep, concept } = declareInputs(graph, config, size, ops);
  const deep = cast(at.input('deep', ['batch', ...deepShape(config, size)]), ops.precision);
  graph.output('noise', cast(denoise(at, latents, timestep, concept, config, deep).noise, 'float32'));
  return graph;
}

function declareInputs(
  graph: Graph,
  config: UNetConfig,
  { height, width, tokens, patches }: UNetGraphSize,
  ops: OpSet,
) {
  const at = rootScope(graph, 'unet', ops);
  const latents = cast(at.input('latents', ['batch', config.latentChannels, height, width]), ops.precision);
  const timestep = at.input('timestep', ['batch']);
  const context = cast(at.input('context', ['batch', tokens, config.contextSize]), ops.precision);
  const patchFeatures = cast(at.input('local', ['batch', patches, config.contextSize]), ops.precision);
  const index = at.input('placeholder_index', ['batch'], 'int32');
  const strength = at.input('strength', ['batch']);
  const concept: Concept = {
    context,
    local: {
      patches: patchFeatures,
      placeholder: placeholderColumn(index, staticDim(tokens, 'tokens')),
      strength: reshape(strength, ['batch', 1, 1, 1]),
    },
  };
  return { at, latents, timestep, concept };
}
