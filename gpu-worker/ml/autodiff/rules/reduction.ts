import { staticElementCount } from '../../graph/dims.ts';
import type { Node, Value } from '../../graph/graph.ts';
import { cast, divide, equal, multiply, reduceSum, reshape, scalar } from '../../graph/ops.ts';
import { expandTo } from '../gradient-ops.ts';
import { constantOf, inputOf } from '../node-reading.ts';
import type { Rule } from '../rules.ts';

export const reduction: Readonly<Record<string, Rule>> = {
  ReduceSum: ({ node, outputGradients: [dy] }) => [() => expandTo(keepingAxes(node, dy!), inputOf(node, 0).shape)],

  ReduceMean: ({ node, outputGradients: [dy] }) => [
    () => {
      const { shape } = inputOf(node, 0);
      const count = staticElementCount(shape) / staticElementCount(dy!.shape);
      return expandTo(multiply(keepingAxes(node, dy!), scalar(dy!, 1 / count)), shape);
    },
  ],

  // Equal maxima share the gradient, as in PyTorch.
  ReduceMax: ({ node, outputGradients: [dy] }) => [
    () => {
      const hits = cast(equal(inputOf(node, 0), keepingAxes(node, node.outputs[0])), 'float32');
      return multiply(hits, divide(keepingAxes(node, dy!), reduceSum(hits, constantOf(node, 1))));
    },
  ],
};

/** A reduced value with its reduced axes as ones, whether the node kept them or not. */
function keepingAxes(node: Node, reduced: Value): Value {
  const axes = constantOf(node, 1);
  return reshape(
    reduced,
    inputOf(node, 0).shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)),
  );
}
