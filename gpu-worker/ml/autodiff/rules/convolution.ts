import { type Shape, staticDim } from '../../graph/dims.ts';
import type { Value } from '../../graph/graph.ts';
import { concat, conv, gemm, type Padding, reduceSum, reshape, transpose } from '../../graph/ops.ts';
import { convTranspose, pad, stride } from '../gradient-ops.ts';
import { inputOf, numbersOf } from '../node-reading.ts';
import type { Rule } from '../rules.ts';

type Geometry = { stride: number; padding: Padding };

export const convolution: Readonly<Record<string, Rule>> = {
  Conv: ({ node, outputGradients: [dy] }) => {
    const [x, weight] = [inputOf(node, 0), inputOf(node, 1)];
    const [top, left, bottom, right] = numbersOf(node, 'pads');
    const geometry = { stride: numbersOf(node, 'strides')[0], padding: { top, left, bottom, right } };
    return [
      () => inputGradient(dy!, weight, x.shape, geometry),
      () => weightGradient(dy!, x, weight.shape, geometry),
      () => reduceSum(dy!, [0, 2, 3], { keepDims: false }),
    ];
  },
};

/** At stride 1 a convolution of dy with the weight turned around, which runs faster than a transposed convolution. */
function inputGradient(dy: Value, weight: Value, shape: Shape, geometry: Geometry): Value {
  if (geometry.stride !== 1) return convTranspose(dy, weight, { shape, ...geometry });
  const [height, width] = kernelSize(weight.shape);
  const { top, left, bottom, right } = geometry.padding;
  const swapped = transpose(weight, [1, 0, 2, 3]); // [in, out, kh, kw]
  const padding = {
    top: height - 1 - top,
    left: width - 1 - left,
    bottom: height - 1 - bottom,
    right: width - 1 - right,
  };
  return conv(dy, reversed(reversed(swapped, 2), 3), null, { padding });
}

function reversed(x: Value, axis: number): Value {
  const count = staticDim(x.shape[axis], 'the kernel');
  return count === 1 ? x : stride(x, axis, { from: count - 1, count, step: -1 });
}

/** Products of dy with every patch of x that met the same place of the kernel: dy [batch, out, h, w], x [batch, in, H, W] → `shape`. */
function weightGradient(dy: Value, x: Value, shape: Shape, geometry: Geometry): Value {
  const [outChannels, inChannels, height, width] = shape.map(Number);
  const [batch, , outHeight, outWidth] = dy.shape.map((dim) => staticDim(dim, 'every axis in training'));
  const rows = batch * outHeight * outWidth;
  const { top, left, bottom, right } = geometry.padding;
  // Channels last, so that a patch's row is copied whole.
  const last = pad(transpose(x, [0, 2, 3, 1]), [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]); // [batch, H, W, in]
  const patches = [...Array(height).keys()].flatMap((row) =>
    [...Array(width).keys()].map((column) => {
      const lines = stride(last, 1, { from: row, count: outHeight, step: geometry.stride });
      return stride(lines, 2, { from: column, count: outWidth, step: geometry.stride });
    }),
  );
  const columns = reshape(concat(patches, 3), [rows, height * width * inChannels]);
  const dyRows = reshape(transpose(dy, [0, 2, 3, 1]), [rows, outChannels]);
  const flat = gemm(dyRows, columns, null, { transA: true }); // [out, kh·kw·in]
  return transpose(reshape(flat, [outChannels, height, width, inChannels]), [0, 3, 1, 2]);
}

function kernelSize(shape: Shape): readonly [number, number] {
  return [staticDim(shape[2], 'the kernel'), staticDim(shape[3], 'the kernel')];
}
