import { expect, test } from 'vitest';
import { gradients } from '../../../gpu-worker/ml/autodiff/gradients.ts';
import { estimateMemory } from '../../../gpu-worker/ml/autodiff/memory.ts';
import { Graph } from '../../../gpu-worker/ml/graph/graph.ts';
import { exp, reduceSum, reshape } from '../../../gpu-worker/ml/graph/ops.ts';

const floats = (count: number) => 4 * count;

/** `depth` exponentials of each other, summed. */
function chain(depth: number) {
  const graph = new Graph('chain');
  const x = graph.input('x', [10, 100]);
  let y = x;
  for (let i = 0; i < depth; i++) y = exp(y);
  return { graph, x, loss: reduceSum(reshape(y, [1000]), [0], { keepDims: false }) };
}

test('a forward pass holds two results at a time, however deep it is', () => {
  const { graph, loss } = chain(8);
  graph.output('loss', loss);
  expect(estimateMemory(graph).peakActivations).toBe(floats(2000));
  expect(estimateMemory(graph).inputs).toBe(floats(1000));
});

test('a gradient holds what the forward pass computed until it has been used', () => {
  const peak = (depth: number) => {
    const { graph, x, loss } = chain(depth);
    graph.output('gradient', gradients(loss, [x])[0]);
    return estimateMemory(graph).peakActivations;
  };
  expect(peak(8) - peak(4)).toBe(floats(4000));
});
