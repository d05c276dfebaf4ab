import { staticDim } from '../graph/dims.ts';
import type { Value } from '../graph/graph.ts';
import { add } from '../graph/ops.ts';
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
  const [, channelDim, height, width] = x.shape;
  const channels = staticDim(channelDim, `the channels entering ${at.path}`);
  const size = { height: staticDim(height, 'the height'), width: staticDim(width, 'the width') };
  const normed = groupNorm(at.at('norm'), x, { groups, epsilon: GROUP_NORM_EPSILON });
  const { images } = at.ops;
  const tokens = images.toTokens(convolution(at.at('proj_in'), normed, channels, { kernel: 1 })); // [batch, pixels, channels]
  const attended = transformerBlock(at.at('transformer_blocks.0'), tokens, heads, concept);
  const h = convolution(at.at('proj_out'), images.fromTokens(attended, size), channels, { kernel: 1 });
  return at.tap(images.add(x, h));
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
  const projection = at.at('net.0.proj');
  const width = channels * 4 * 2;
  const hidden = at.ops.geglu(
    x,
    projection.parameter('weight', [width, channels]),
    projection.parameter('bias', [width]),
  );
  return linear(at.at('net.2'), hidden, channels);
}
