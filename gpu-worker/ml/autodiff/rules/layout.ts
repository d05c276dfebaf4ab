import { elementCount, staticDim } from '../../graph/dims.ts';
import { cast, concat, reduceSum, reshape, split, transpose } from '../../graph/ops.ts';
import { filled, pad, scatterAddRows } from '../gradient-ops.ts';
import { constantOf, inputOf, numberOf, numbersOf } from '../node-reading.ts';
import type { Rule } from '../rules.ts';

export const layout: Readonly<Record<string, Rule>> = {
  Reshape: ({ node, outputGradients: [dy] }) => [() => reshape(dy!, inputOf(node, 0).shape)],

  Transpose: ({ node, outputGradients: [dy] }) => {
    const permutation = numbersOf(node, 'perm');
    return [
      () =>
        transpose(
          dy!,
          permutation.map((_, axis) => permutation.indexOf(axis)),
        ),
    ];
  },

  // Unbroadcasting is all there is to do.
  Expand: ({ outputGradients: [dy] }) => [() => dy!],

  Concat: ({ node, outputGradients: [dy] }) => {
    const axis = numberOf(node, 'axis');
    const sizes = node.inputs.map((_, index) => staticDim(inputOf(node, index).shape[axis], `axis ${axis}`));
    let parts: ReturnType<typeof split> | undefined;
    return sizes.map((_, index) => () => {
      parts ??= split(dy!, axis, sizes);
      return parts[index];
    });
  },

  Split: ({ node, outputGradients }) => [
    () => {
      const like = outputGradients.find((gradient) => gradient !== null)!;
      const parts = outputGradients.map((gradient, index) => gradient ?? filled(like, 0, node.outputs[index].shape));
      return concat(parts, numberOf(node, 'axis'));
    },
  ],

  Slice: ({ node, outputGradients: [dy] }) => {
    const [[from], [to], [axis]] = [constantOf(node, 1), constantOf(node, 2), constantOf(node, 3)];
    const { shape } = inputOf(node, 0);
    const after = staticDim(shape[axis], `axis ${axis}`) - to;
    return [
      () =>
        pad(
          dy!,
          shape.map((_, index) => (index === axis ? [from, after] : [0, 0])),
        ),
    ];
  },

  Gather: ({ node, outputGradients: [dy] }) => [
    () => {
      const [table, index] = [inputOf(node, 0), inputOf(node, 1)];
      const count = elementCount(index.shape);
      const rows = reshape(dy!, [count, ...table.shape.slice(1)]);
      return scatterAddRows(rows, reshape(cast(index, 'int64'), [count, 1]), table.shape);
    },
  ],

  // Nearest-neighbour enlargement by a whole factor, the only form the builder offers.
  Resize: ({ node, outputGradients: [dy] }) => [
    () => {
      const { shape } = inputOf(node, 0);
      const [batch, channels, height, width] = shape.map((dim) => staticDim(dim, 'every axis in training'));
      const [, , factor] = constantOf(node, 2);
      const blocks = reshape(dy!, [batch, channels, height, factor, width, factor]);
      return reshape(reduceSum(blocks, [3, 5]), shape);
    },
  ],
};
