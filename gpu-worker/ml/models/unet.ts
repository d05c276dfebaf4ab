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
 * Stable Diffusion's denoising network (Rombach et al. 2022) with ELITE's dual cross-attention: latents [batch, channels, h, w] at a noise
 * level's `timestep` [batch], which may be fractional → the predicted noise [batch, channels, h, w].
 */
export function unet(at: Scope, latents: Value, timestep: Value, concept: Concept, config: UNetConfig): Value {
  const { blockChannels, blockAttention, layersPerBlock, groups, epsilon, heads } = config;
  const timeEmbedding = silu(at, embedTimestep(at, timestep, blockChannels[0]));
  const resnet = (scope: Scope, x: Value, outChannels: number) =>
    resnetBlock(scope, x, { outChannels, groups, epsilon, timeEmbedding });
  const transformer = (scope: Scope, x: Value) => spatialTransformer(scope, x, { heads, groups, concept });

  let h = at.at('conv_in').tap(convolution(at.at('conv_in'), latents, blockChannels[0], { kernel: 3 }));
  const skips = [h];
  const lastLevel = blockChannels.length - 1;
  for (const [level, channels] of blockChannels.entries()) {
    const block = at.at(`down_blocks.${level}`);
    for (let layer = 0; layer < layersPerBlock; layer++) {
      h = resnet(block.at(`resnets.${layer}`), h, channels);
      if (blockAttention[level]) h = transformer(block.at(`attentions.${layer}`), h);
      skips.push(h);
    }
    if (level < lastLevel) {
      h = downsample(block.at('downsamplers.0'), h, evenPadding(1));
      skips.push(h);
    }
    block.tap(h);
  }

  const middle = at.at('mid_block');
  h = resnet(middle.at('resnets.0'), h, blockChannels[lastLevel]);
  h = transformer(middle.at('attentions.0'), h);
  h = middle.tap(resnet(middle.at('resnets.1'), h, blockChannels[lastLevel]));

  for (const [block, level] of [...blockChannels.keys()].reverse().entries()) {
    const up = at.at(`up_blocks.${block}`);
    for (let layer = 0; layer <= layersPerBlock; layer++) {
      h = resnet(up.at(`resnets.${layer}`), at.ops.images.concat(h, skips.pop()!), blockChannels[level]);
      if (blockAttention[level]) h = transformer(up.at(`attentions.${layer}`), h);
    }
    if (level > 0) h = upsample(up.at('upsamplers.0'), h);
    up.tap(h);
  }

  h = at.at('conv_norm_out').tap(groupNorm(at.at('conv_norm_out'), h, { groups, epsilon, silu: true }));
  const noise = convolution(at.at('conv_out'), h, config.latentChannels, { kernel: 3 });
  return at.at('conv_out').tap(at.ops.images.toPlain(noise));
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
 * `placeholder_index` [batch] int32, `strength` [batch] (λ; 0 for unconditional rows, whose index must still name a token) → `noise`.
 */
export function unetGraph(config: UNetConfig, { height, width, tokens, patches }: UNetGraphSize, ops: OpSet): Graph {
  const graph = new Graph('unet');
  const at = rootScope(graph, 'unet', ops);
  const latents = cast(at.input('latents', ['batch', config.latentChannels, height, width]), ops.precision);
  const timestep = at.input('timestep', ['batch']);
  const context = cast(at.input('context', ['batch', tokens, config.contextSize]), ops.precision);
  const local = cast(at.input('local', ['batch', patches, config.contextSize]), ops.precision);
  const index = at.input('placeholder_index', ['batch'], 'int32');
  const strength = at.input('strength', ['batch']);
  const concept: Concept = {
    context,
    local: {
      patches: local,
      placeholder: placeholderColumn(index, staticDim(tokens, 'tokens')),
      strength: reshape(strength, ['batch', 1, 1, 1]),
    },
  };
  graph.output('noise', cast(unet(at, latents, timestep, concept, config), 'float32'));
  return graph;
}
