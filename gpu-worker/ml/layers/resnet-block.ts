import type { Value } from '../graph/graph.ts';
import type { Scope } from '../graph/scope.ts';
import { convolution } from './convolution.ts';
import { linear } from './linear.ts';
import { groupNorm } from './normalization.ts';

type ResnetBlockOptions = {
  outChannels: number;
  groups: number;
  epsilon: number;
  /** SiLU of the embedded timestep [batch, features]; the VAE has none. */
  timeEmbedding?: Value;
};

/** Two normalised convolutions around a residual, shifted per channel by the timestep: [batch, in, h, w] → [batch, outChannels, h, w]. */
export function resnetBlock(
  at: Scope,
  x: Value,
  { outChannels, groups, epsilon, timeEmbedding }: ResnetBlockOptions,
): Value {
  let h = convolution(at.at('conv1'), groupNorm(at.at('norm1'), x, { groups, epsilon, silu: true }), outChannels, {
    kernel: 3,
  });
  if (timeEmbedding) {
    const shift = linear(at.at('time_emb_proj'), timeEmbedding, outChannels); // [batch, outChannels]
    h = at.ops.images.shift(h, shift);
  }
  h = convolution(at.at('conv2'), groupNorm(at.at('norm2'), h, { groups, epsilon, silu: true }), outChannels, {
    kernel: 3,
  });
  const residual = x.shape[1] === outChannels ? x : convolution(at.at('conv_shortcut'), x, outChannels, { kernel: 1 });
  return at.tap(at.ops.images.add(residual, h));
}
