import { elementCount, staticDim, staticElementCount } from '../dims.ts';
import type { Value } from '../graph.ts';
import {
  add,
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
  transpose,
} from '../ops.ts';
import type { OpSet } from './op-set.ts';

/** Standard ONNX operators only: what every provider runs and what gradients are defined for. */
export const primitive: OpSet = {
  name: 'primitive',
  linear,
  convolution: conv,
  gatedSigmoid: (x, alpha) => multiply(x, sigmoid(alpha === 1 ? x : multiply(x, scalar(x, alpha)))),
  gelu,
  groupNorm: groupNormalization,
  layerNorm: layerNormalization,
  attention(query, key, value, { heads, mask }) {
    const scores = attentionScores(query, key, heads); // [batch, heads, queries, keys]
    const probabilities = softmax(mask ? add(scores, mask) : scores);
    return mergeHeads(matmul(probabilities, splitHeads(value, heads)));
  },
};

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
