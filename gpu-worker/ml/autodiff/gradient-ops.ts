import { type Dim, elementCount, type Shape, sameShape, staticDim, staticElementCount } from '../graph/dims.ts';
import type { Value } from '../graph/graph.ts';
import { matmul, type Padding, reshape, scalar } from '../graph/ops.ts';

/** ONNX operators that only gradients need; models never contain them. */

const integers = (like: Value, values: readonly number[]) => like.graph.constant(BigInt64Array.from(values, BigInt));
const staticShape = (shape: Shape) => shape.map((dim) => staticDim(dim, 'every axis in training'));

/** `x` repeated along its axes of size 1 to fill `shape`. */
export function expandTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  return x.graph.node('Expand', [x, integers(x, staticShape(shape))], [shape])[0];
}

/** A tensor of one number. */
export function filled(like: Value, value: number, shape: Shape): Value {
  return expandTo(scalar(like, value), shape);
}

/** −1, 0 or 1. */
export function sign(x: Value): Value {
  return x.graph.node('Sign', [x], [x.shape])[0];
}

/** 1 where x > 0, else 0. */
export function isPositive(x: Value): Value {
  const [positive] = x.graph.node('Greater', [x, scalar(x, 0)], [x.shape], { dtypes: ['bool'] });
  return x.graph.node('Cast', [positive], [x.shape], { attributes: { to: 1 }, dtypes: ['float32'] })[0];
}

/** Zeros around `x`: one pair of sizes (before, after) an axis. */
export function pad(x: Value, sizes: readonly (readonly [number, number])[]): Value {
  if (sizes.every(([before, after]) => before === 0 && after === 0)) return x;
  const shape = x.shape.map((dim, axis): Dim => {
    const [before, after] = sizes[axis];
    return before + after === 0 ? dim : staticDim(dim, `axis ${axis}`) + before + after;
  });
  const flat = [...sizes.map(([before]) => before), ...sizes.map(([, after]) => after)];
  return x.graph.node('Pad', [x, integers(x, flat)], [shape])[0];
}

/** A convolution's weight [out, in, kh, kw] turned by 180°. A product with a small permutation: slices backwards take ten times as long. */
export function turnedAround(weight: Value): Value {
  const [out, inner, height, width] = weight.shape;
  const places = staticDim(height, 'the kernel') * staticDim(width, 'the kernel');
  if (places === 1) return weight;
  const exchange = Float32Array.from({ length: places ** 2 }, (_, i) =>
    Math.floor(i / places) + (i % places) === places - 1 ? 1 : 0,
  );
  const rows = reshape(weight, [elementCount([out, inner]), places]);
  return reshape(matmul(rows, weight.graph.constant(exchange, [places, places])), weight.shape);
}

/** a·bᵀ over the last two axes without a copy of either: [..., m, k] × [..., n, k] → [..., m, n]. */
export function matmulTransposed(a: Value, b: Value): Value {
  const shape = [...a.shape.slice(0, -1), b.shape.at(-2)!];
  return a.graph.node('FusedMatMul', [a, b], [shape], {
    domain: 'com.microsoft',
    attributes: { transA: 0, transB: 1 },
  })[0];
}

/** The sum over the first `count` axes [a, …, b, rest…] → [rest…], as a product with ones: three times as fast as a reduction. */
export function sumLeading(x: Value, count: number): Value {
  const rows = staticElementCount(x.shape.slice(0, count));
  const rest = x.shape.slice(count);
  const ones = x.graph.constant(new Float32Array(rows).fill(1), [1, rows]);
  return reshape(matmul(ones, reshape(x, [rows, elementCount(rest)])), rest);
}

/**
 * The patches a convolution looks at (im2col): x [batch, channels, H, W] → [batch, channels·kh·kw, h, w]. It is itself a convolution,
 * of each channel with the kh·kw kernels that have a single one in them: twice as fast as slicing and joining.
 */
export function unfold(x: Value, options: { kernel: Shape; stride: number; padding: Padding }): Value {
  const { stride, padding } = options;
  const [height, width] = staticShape(options.kernel);
  const places = height * width;
  if (places === 1 && stride === 1) return x;
  const [batch, channelDim, ...size] = x.shape;
  const channels = staticDim(channelDim, 'the channels');
  const picks = Float32Array.from({ length: channels * places ** 2 }, (_, i) =>
    Math.floor(i / places) % places === i % places ? 1 : 0,
  );
  const outSize = (dim: Dim, kernel: number, padded: number) =>
    Math.floor((Number(dim) + padded - kernel) / stride) + 1;
  const { top, left, bottom, right } = padding;
  const shape = [
    batch,
    channels * places,
    outSize(size[0], height, top + bottom),
    outSize(size[1], width, left + right),
  ];
  return x.graph.node('Conv', [x, x.graph.constant(picks, [channels * places, 1, height, width])], [shape], {
    attributes: {
      group: channels,
      kernel_shape: [height, width],
      strides: [stride, stride],
      pads: [top, left, bottom, right],
    },
  })[0];
}

/** Transposed convolution: what a convolution's weight [in, out, kh, kw] makes of its output's gradient [batch, in, h', w'] → `shape`. */
export function convTranspose(
  x: Value,
  weight: Value,
  options: { shape: Shape; stride: number; padding: Padding },
): Value {
  const { shape, padding } = options;
  const [kernelHeight, kernelWidth] = staticShape(weight.shape.slice(2));
  const { top, left, bottom, right } = padding;
  const leftOver = (size: Dim, outSize: Dim, kernel: number, padded: number) =>
    Number(size) + padded - kernel - (Number(outSize) - 1) * options.stride;
  return x.graph.node('ConvTranspose', [x, weight], [shape], {
    attributes: {
      kernel_shape: [kernelHeight, kernelWidth],
      strides: [options.stride, options.stride],
      pads: [top, left, bottom, right],
      output_padding: [
        leftOver(shape[2], x.shape[2], kernelHeight, top + bottom),
        leftOver(shape[3], x.shape[3], kernelWidth, left + right),
      ],
    },
  })[0];
}

/** Zeros [rows, …] with `updates` [n, …] added to the rows that `index` [n] int64 names, as often as it names them. */
export function scatterAddRows(updates: Value, index: Value, shape: Shape): Value {
  const zeros = filled(updates, 0, shape);
  return updates.graph.node('ScatterND', [zeros, index, updates], [shape], { attributes: { reduction: 'add' } })[0];
}

/**
 * (x − mean)/√(variance + epsilon) over the last axis, and 1/√(variance + epsilon) with that axis as one. The normalisation of a model's
 * own layer again, without its weights: one kernel, cheaper than keeping its parts.
 */
export function standardise(x: Value, epsilon: number): { normalised: Value; inverseDeviation: Value } {
  const size = staticDim(x.shape.at(-1), 'the last axis');
  const statistics = [...x.shape.slice(0, -1), 1];
  const [normalised, , inverseDeviation] = x.graph.node(
    'LayerNormalization',
    [x, x.graph.constant(new Float32Array(size).fill(1))],
    [x.shape, statistics, statistics],
    { attributes: { axis: -1, epsilon: { float: epsilon } } },
  );
  return { normalised, inverseDeviation };
}
