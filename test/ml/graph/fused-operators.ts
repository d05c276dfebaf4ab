import type { Graph, Node, Value } from '../../../gpu-worker/ml/graph/graph.ts';
import {
  add,
  cast,
  conv,
  gelu,
  groupNormalization,
  multiply,
  reshape,
  sigmoid,
  split,
  transpose,
} from '../../../gpu-worker/ml/graph/ops.ts';
import { rounded } from './half-precision.ts';

/** What ONNX Runtime's operator schemas say of the fused operators of its CUDA provider, in standard operators and float32. */
const FORMULAS: Readonly<Record<string, (inputs: readonly Value[], node: Node) => Value[]>> = {
  NhwcConv([x, weight, bias], { attributes }) {
    const [top, left, bottom, right] = attributes.pads as readonly number[];
    const [stride] = attributes.strides as readonly number[];
    const padding = { top, left, bottom, right };
    const y = conv(toChannelsFirst(x), toChannelsFirst(weight), bias ?? null, { stride, padding });
    return [toChannelsLast(y)];
  },
  GroupNorm: ([x, weight, bias], { attributes }) => [groupNorm(x, weight, bias, attributes)],
  SkipGroupNorm([x, weight, bias, skip], { attributes }) {
    const [batch, channels] = skip.shape;
    const sum = add(x, skip.shape.length === 2 ? reshape(skip, [batch, 1, 1, channels]) : skip);
    return [groupNorm(sum, weight, bias, attributes), sum];
  },
  BiasSplitGelu([x, bias]) {
    const half = (bias.shape[0] as number) / 2;
    const [left, right] = split(add(x, bias), 2, [half, half]);
    return [multiply(left, gelu(right))];
  },
};

function groupNorm(x: Value, weight: Value, bias: Value, attributes: Node['attributes']): Value {
  const { groups, epsilon, activation, channels_last } = attributes as {
    groups: number;
    epsilon: { float: number };
    activation: number;
    channels_last: number;
  };
  if (channels_last !== 1) throw new Error('expected channels_last');
  const normed = groupNormalization(toChannelsFirst(x), weight, bias, { groups, epsilon: epsilon.float });
  return toChannelsLast(activation === 1 ? multiply(normed, sigmoid(normed)) : normed);
}

const toChannelsFirst = (x: Value) => transpose(x, [0, 3, 1, 2]);
const toChannelsLast = (x: Value) => transpose(x, [0, 2, 3, 1]);

/** Puts the formula of each fused operator in its place, so that a provider without them runs the graph. */
export function replaceFusedNodes(graph: Graph): void {
  for (const node of graph.nodes.splice(0)) {
    const formula = FORMULAS[node.op];
    if (!formula) {
      graph.nodes.push(node);
      continue;
    }
    const results = formula(
      node.inputs.map((input) => cast(input!, 'float32')),
      node,
    );
    for (const [index, output] of node.outputs.entries()) graph.nodes.push(rounded(results[index], output));
  }
}
