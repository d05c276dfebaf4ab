import { staticDim } from '../graph/dims.ts';
import { Graph, type Value } from '../graph/graph.ts';
import type { OpSet } from '../graph/op-sets/op-set.ts';
import { clip, split } from '../graph/ops.ts';
import { rootScope, type Scope } from '../graph/scope.ts';
import { convolution, downsample, upsample } from '../layers/convolution.ts';
import { linear } from '../layers/linear.ts';
import { groupNorm } from '../layers/normalization.ts';
import { resnetBlock } from '../layers/resnet-block.ts';

export type VaeConfig = {
  readonly imageChannels: number;
  readonly latentChannels: number;
  /** Channels of each level, from full resolution down. */
  readonly blockChannels: readonly number[];
  readonly layersPerBlock: number;
  readonly groups: number;
  /** Latents are multiplied by this after encoding and divided by it before decoding. */
  readonly scalingFactor: number;
};

/** Stable Diffusion v1-4. */
export const SD_V1_4_VAE: VaeConfig = {
  imageChannels: 3,
  latentChannels: 4,
  blockChannels: [128, 256, 512, 512],
  layersPerBlock: 2,
  groups: 32,
  scalingFactor: 0.18215,
};

const EPSILON = 1e-6;
const LOG_VARIANCE_LIMITS = [-30, 20] as const;

/** How many pixels a latent stands for along one side. */
export function vaeFactor(config: VaeConfig): number {
  return 2 ** (config.blockChannels.length - 1);
}

/** Images [batch, 3, h, w] in −1…1 → mean and log-variance of the latents, each [batch, channels, h/f, w/f], not yet scaled. */
export function vaeEncoder(at: Scope, image: Value, config: VaeConfig): { mean: Value; logVariance: Value } {
  const { blockChannels, latentChannels, layersPerBlock } = config;
  const encoder = at.at('encoder');
  let h = convolution(encoder.at('conv_in'), image, blockChannels[0], { kernel: 3 });
  for (const [level, channels] of blockChannels.entries()) {
    const block = encoder.at(`down_blocks.${level}`);
    for (let layer = 0; layer < layersPerBlock; layer++) h = resnet(block.at(`resnets.${layer}`), h, channels, config);
    if (level < blockChannels.length - 1)
      h = downsample(block.at('downsamplers.0'), h, { top: 0, left: 0, bottom: 1, right: 1 });
  }
  h = middle(encoder.at('mid_block'), h, config);
  h = output(encoder, h, latentChannels * 2, config);
  const moments = at.ops.images.toPlain(convolution(at.at('quant_conv'), h, latentChannels * 2, { kernel: 1 }));
  const [mean, logVariance] = split(moments, 1, [latentChannels, latentChannels]);
  return { mean, logVariance: clip(logVariance, ...LOG_VARIANCE_LIMITS) };
}

/** Latents [batch, channels, h, w], already divided by the scaling factor → images [batch, 3, h·f, w·f], about −1…1. */
export function vaeDecoder(at: Scope, latents: Value, config: VaeConfig): Value {
  const { blockChannels, latentChannels, layersPerBlock } = config;
  const decoder = at.at('decoder');
  const widest = blockChannels.at(-1)!;
  let h = convolution(at.at('post_quant_conv'), latents, latentChannels, { kernel: 1 });
  h = convolution(decoder.at('conv_in'), h, widest, { kernel: 3 });
  h = middle(decoder.at('mid_block'), h, config);
  for (const [block, channels] of blockChannels.toReversed().entries()) {
    const up = decoder.at(`up_blocks.${block}`);
    for (let layer = 0; layer <= layersPerBlock; layer++) h = resnet(up.at(`resnets.${layer}`), h, channels, config);
    if (block < blockChannels.length - 1) h = upsample(up.at('upsamplers.0'), h);
  }
  return at.ops.images.toPlain(output(decoder, h, config.imageChannels, config));
}

function resnet(at: Scope, x: Value, outChannels: number, { groups }: VaeConfig): Value {
  return resnetBlock(at, x, { outChannels, groups, epsilon: EPSILON });
}

function middle(at: Scope, x: Value, config: VaeConfig): Value {
  const channels = config.blockChannels.at(-1)!;
  x = resnet(at.at('resnets.0'), x, channels, config);
  x = pixelAttention(at.at('attentions.0'), x, config);
  return resnet(at.at('resnets.1'), x, channels, config);
}

/** Single-headed self-attention over all pixels, around a residual; key names are those of SD v1-4's own file. */
function pixelAttention(at: Scope, x: Value, { groups }: VaeConfig): Value {
  const [, channelDim, height, width] = x.shape;
  const channels = staticDim(channelDim, 'the channels');
  const size = { height: staticDim(height, 'the height'), width: staticDim(width, 'the width') };
  const { images } = at.ops;
  const normed = groupNorm(at.at('group_norm'), x, { groups, epsilon: EPSILON });
  const tokens = images.toTokens(normed); // [batch, pixels, channels]
  const [query, key, value] = ['query', 'key', 'value'].map((name) => linear(at.at(name), tokens, channels));
  const attended = linear(at.at('proj_attn'), at.ops.attention(query, key, value, { heads: 1 }), channels);
  return images.add(x, images.fromTokens(attended, size));
}

function output(at: Scope, x: Value, channels: number, { groups }: VaeConfig): Value {
  const h = groupNorm(at.at('conv_norm_out'), x, { groups, epsilon: EPSILON, silu: true });
  return convolution(at.at('conv_out'), h, channels, { kernel: 3 });
}

/** `image` [batch, 3, height, width] → `mean`, `log_variance`. Height and width in pixels. */
export function vaeEncoderGraph(
  config: VaeConfig,
  { height, width }: { height: number; width: number },
  ops: OpSet,
): Graph {
  const graph = new Graph('vae_encoder');
  const at = rootScope(graph, 'vae', ops);
  const { mean, logVariance } = vaeEncoder(
    at,
    at.input('image', ['batch', config.imageChannels, height, width]),
    config,
  );
  graph.output('mean', mean);
  graph.output('log_variance', logVariance);
  return graph;
}

/**
 * `latents` [batch, channels, height, width] → `image`. Height and width in latents. Always in float32: the sums of the last levels are the largest
 * numbers of the whole model, half-precision decoders are known to overflow (at 65504) for some latents, and this runs once a picture.
 */
export function vaeDecoderGraph(
  config: VaeConfig,
  { height, width }: { height: number; width: number },
  ops: OpSet,
): Graph {
  const graph = new Graph('vae_decoder');
  const at = rootScope(graph, 'vae', ops);
  const latents = at.input('latents', ['batch', config.latentChannels, height, width]);
  graph.output('image', vaeDecoder(at, latents, config));
  return graph;
}
