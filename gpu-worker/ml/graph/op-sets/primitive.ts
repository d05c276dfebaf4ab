import { elementCount, staticDim, staticElementCount } from '../dims.ts';
import type { Value } from '../graph.ts';
import {
  add,
  concat,
  conv,
  gelu,
  gemm,
  groupNormalization,
  layerNormalization,
  matmul,
  multiply,
  reshape,
  scalar,
  sigmoid,
  softmax,
  split,
  transpose,
  upsampleNearest,
} from '../ops.ts';
import type { GroupNormOptions, ImageOps, OpSet } from './op-set.ts';

const gatedSigmoid: OpSet['gatedSigmoid'] = (x, alpha) =>
  multiply(x, sigmoid(alpha === 1 ? x : multiply(x, scalar(x, alpha))));

/** Feature maps laid out as their shape says. */
const images: ImageOps = {
  add,
  shift: (x, shift) => add(x, reshape(shift, [...shift.shape, 1, 1])),
  concat: (a, b) => concat([a, b], 1),
  enlarge: upsampleNearest,
  toTokens(x) {
    const [batch, channels, ...size] = x.shape;
    return transpose(reshape(x, [batch, channels, staticElementCount(size)]), [0, 2, 1]);
  },
  fromTokens(tokens, { height, width }) {
    const [batch, , channels] = tokens.shape;
    return reshape(transpose(tokens, [0, 2, 1]), [batch, channels, height, width]);
  },
  toPlain: (x) => x,
};

/** Standard ONNX operators only: what every provider runs and what gradients are defined for. */
export const primitive: OpSet = {
  name: 'primitive',
  precision: 'float32',
  sharesScales: false,
  images,
  linear,
  convolution: conv,
  gatedSigmoid,
  geglu: gegluAfter(linear),
  groupNorm: groupNormThen(gatedSigmoid),
  layerNorm: layerNormalization,
  attention(query, key, value, { heads, mask }) {
    const scores = attentionScores(query, key, heads); // [batch, heads, queries, keys]
    const probabilities = softmax(mask ? add(scores, mask) : scores);
    return mergeHeads(matmul(probabilities, splitHeads(value, heads)));
  },
};

/** GroupNorm, then SiLU in the form that an op set has it. */
export function groupNormThen(gate: OpSet['gatedSigmoid']): OpSet['groupNorm'] {
  return (x, weight, bias, { silu, ...options }: GroupNormOptions) => {
    const normed = groupNormalization(x, weight, bias, options);
    return silu ? gate(normed, 1) : normed;
  };
}

/** GEGLU over a linear layer in the form that an op set has it. */
export function gegluAfter(project: OpSet['linear']): OpSet['geglu'] {
  return (x, weight, bias) => {
    const hidden = staticDim(weight.shape[0], 'the hidden features') / 2;
    const [values, gate] = split(project(x, weight, bias), x.shape.length - 1, [hidden, hidden]);
    return multiply(values, gelu(gate));
  };
}

/** A linear layer as one matrix product over all leading axes: Gemm with a transposed weight is the fastest form on every provider. */
export function linear(x: Value, weight: Value, bias: Value | null): Value {
  const features = staticDim(x.shape.at(-1), 'the last axis');
  const leading = x.shape.slice(0, -1);
  const rows = reshape(x, [elementCount(leading), features]); // [rows, in]
  return reshape(gemm(rows, weight, bias, { transB: true }), [...leading, weight.shape[0]]);
}

/** [batch, tokens, heads·dim] → [batch, heads, tokens, dim]. */
export function splitHeads(x: Value, heads: number): Value {
  const [batch, tokens, channels] = x.shape;
  return transpose(reshape(x, [batch, tokens, heads, headDim(x, heads, channels)]), [0, 2, 1, 3]);
}

/** [batch, heads, tokens, dim] → [batch, tokens, heads·dim]. */
export function mergeHeads(x: Value): Value {
  const [batch, heads, tokens, dim] = x.shape;
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, tokens, staticElementCount([heads, dim])]);
}

/** Scaled scores q·kᵀ / √dim of query [batch, queries, channels] and key [batch, keys, channels] → [batch, heads, queries, keys]. */
export function attentionScores(query: Value, key: Value, heads: number): Value {
  const [batch, keys, channels] = key.shape;
  const dim = headDim(key, heads, channels);
  const scaled = multiply(splitHeads(query, heads), scalar(query, dim ** -0.5));
  const keysLast = transpose(reshape(key, [batch, keys, heads, dim]), [0, 2, 3, 1]); // [batch, heads, dim, keys]
  return matmul(scaled, keysLast);
}

function headDim(x: Value, heads: number, channels: Value['shape'][number]): number {
  const dim = staticDim(channels, 'the channels') / heads;
  if (!Number.isInteger(dim))
    throw new Error(`${x.graph.name}: attention: expected channels divisible by ${heads} heads, got ${channels}`);
  return dim;
}
