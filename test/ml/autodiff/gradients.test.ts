import { expect, test } from 'vitest';
import { gradients } from '../../../gpu-worker/ml/autodiff/gradients.ts';
import { Graph } from '../../../gpu-worker/ml/graph/graph.ts';
import { portable } from '../../../gpu-worker/ml/graph/op-sets/portable.ts';
import { add, gemm, multiply, reduceSum } from '../../../gpu-worker/ml/graph/ops.ts';

test('an operator without a rule is named', () => {
  const graph = new Graph('fused');
  const x = graph.input('x', [2, 3, 4]);
  const loss = reduceSum(portable.attention(x, x, x, { heads: 2 }), [0, 1, 2], { keepDims: false });
  expect(() => gradients(loss, [x])).toThrow('no gradient rule for com.microsoft.MultiHeadAttention');
});

test('a loss of several elements is refused', () => {
  const graph = new Graph('vector');
  const x = graph.input('x', [3]);
  expect(() => gradients(multiply(x, x), [x])).toThrow('expected a loss of one element, got Mul_0 [3]');
});

test('a value that the loss does not depend on is named', () => {
  const graph = new Graph('apart');
  const [x, y] = [graph.input('x', [3]), graph.input('y', [3])];
  expect(() => gradients(reduceSum(x, [0], { keepDims: false }), [y])).toThrow('does not depend on y');
});

test('a frozen weight costs no weight gradient', () => {
  const graph = new Graph('frozen');
  const x = graph.input('x', [7, 3]);
  const frozen = graph.input('frozen', [3, 4]);
  const trained = graph.input('trained', [4, 2]);
  const y = gemm(gemm(x, frozen, null), trained, null);
  const before = graph.nodes.length;
  gradients(reduceSum(multiply(y, y), [0, 1], { keepDims: false }), [trained]);
  const products = graph.nodes.slice(before).filter((node) => node.op === 'Gemm');
  expect(products.map((node) => node.outputs[0].shape)).toEqual([[4, 2]]);
});

test('paths that meet again add up, each value once', () => {
  const graph = new Graph('diamond');
  const x = graph.input('x', [2]);
  const y = add(multiply(x, x), x);
  gradients(reduceSum(y, [0], { keepDims: false }), [x]);
  // x·dy twice for the square, then two additions to join three paths.
  expect(graph.nodes.filter((node) => node.op === 'Add')).toHaveLength(3);
});
