import { staticDim } from '../graph/dims.ts';
import type { Value } from '../graph/graph.ts';
import { add, multiply, reshape, split, transpose } from '../graph/ops.ts';
import type { Scope } from '../graph/scope.ts';
import { convolution } from './convolution.ts';
import { type Concept, dualCrossAttention } from './dual-cross-attention.ts';
import { linear } from './linear.ts';
import { groupNorm, layerNorm } from './normalization.ts';

/** Transformer2D normalises with this epsilon, unlike the ResNet blocks around it. */
const GROUP_NORM_EPSILON = 1e-6;

type SpatialTransformerOptions = { heads: number; groups: number; concept: Concept };

/** Attention over the pixels of a feature map, to each other and to the prompt: [batch, channels, h, w] → the same. */
export function spatialTransformer(at: Scope, x: Value, { heads, groups, concept }: SpatialTransformerOptions): Value {
  const [batch, channelDim, height, width] = x.shape;
  const channels = staticDim(channelDim, `the channels entering ${at.path}`);
  const pixels = staticDim(height, 'the height') * staticDim(width, 'the width');
  const normed = groupNorm(at.at('norm'), x, { groups, epsilon: GROUP_NORM_EPSILON });
  let h = convolution(at.at('proj_in'), normed, channels, { kernel: 1 });
  h = transpose(reshape(h, [batch, channels, pixels]), [0, 2, 1]); // [batch, pixels, channels]
  h = transformerBlock(at.at('transformer_blocks.0'), h, heads, concept);
  h = reshape(transpose(h, [0, 2, 1]), [batch, channels, height, width]);
  return at.tap(add(x, convolution(at.at('proj_out'), h, channels, { kernel: 1 })));
}

function transformerBlock(at: Scope, x: Value, heads: number, concept: Concept): Value {
  x = add(x, selfAttention(at.at('attn1'), layerNorm(at.at('norm1'), x), heads));
  x = add(x, dualCrossAttention(at.at('attn2'), layerNorm(at.at('norm2'), x), heads, concept));
  return add(x, gegluFeedForward(at.at('ff'), layerNorm(at.at('norm3'), x)));
}

function selfAttention(at: Scope, x: Value, heads: number): Value {
  const channels = staticDim(x.shape.at(-1), `the channels entering ${at.path}`);
  const [query, key, value] = ['to_q', 'to_k', 'to_v'].map((name) => linear(at.at(name), x, channels, { bias: false }));
  return linear(at.at('to_out.0'), at.ops.attention(query, key, value, { heads }), channels);
}

/** A feed-forward layer whose hidden half is gated by the GELU of the other half (Shazeer 2020), four times as wide as its input. */
function gegluFeedForward(at: Scope, x: Value): Value {
  const channels = staticDim(x.shape.at(-1), `the channels entering ${at.path}`);
  const hidden = channels * 4;
  const [values, gate] = split(linear(at.at('net.0.proj'), x, hidden * 2), 2, [hidden, hidden]);
  return linear(at.at('net.2'), multiply(values, at.ops.gelu(gate)), channels);
}
