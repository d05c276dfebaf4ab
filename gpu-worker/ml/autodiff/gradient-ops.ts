import { type Dim, type Shape, sameShape, staticDim } from '../graph/dims.ts';
import type { Value } from '../graph/graph.ts';
import { type Padding, scalar } from '../graph/ops.ts';

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

/** Every `step`-th element of an axis from `from`, `count` of them. A step of −1 reads backwards. */
export function stride(
  x: Value,
  axis: number,
  { from, count, step }: { from: number; count: number; step: number },
): Value {
  const last = from + (count - 1) * step;
  // Backwards past element 0 cannot be written as an index, since −1 means the last one.
  const to = step > 0 ? last + 1 : last === 0 ? Number.MIN_SAFE_INTEGER : last - 1;
  const shape = x.shape.map((dim, index) => (index === axis ? count : dim));
  const bounds = [[from], [to], [axis], [step]].map((values) => integers(x, values));
  return x.graph.node('Slice', [x, ...bounds], [shape])[0];
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
