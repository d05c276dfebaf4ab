import { broadcastShapes, type Dim, elementCount, formatShape, type Shape, sameShape, staticDim } from './dims.ts';
import type { Attribute, DType, Value } from './graph.ts';

/**
 * The standard ONNX operators (opset 21) that models are made of: each checks the shapes it is given, adds one node and returns its output.
 * What runs faster fused than spelled out is in `op-sets/`.
 */

function describe(value: Value): string {
  return `${value.name} ${formatShape(value.shape)}`;
}

/** A shape error: which operation of which graph, what it expected, what came. */
export function shapeError(op: string, expected: string, ...got: readonly Value[]): Error {
  return new Error(`${got[0].graph.name}: ${op}: expected ${expected}, got ${got.map(describe).join(' and ')}`);
}

function unary(op: string, x: Value, attributes: Record<string, Attribute> = {}): Value {
  return x.graph.node(op, [x], [x.shape], { attributes })[0];
}

function elementwise(op: string, a: Value, b: Value, dtype?: DType): Value {
  if (a.dtype !== b.dtype) throw shapeError(op, `operands of one type, not ${a.dtype} and ${b.dtype}`, a, b);
  let shape: Shape;
  try {
    shape = broadcastShapes(a.shape, b.shape);
  } catch {
    throw shapeError(op, 'shapes that broadcast', a, b);
  }
  return a.graph.node(op, [a, b], [shape], dtype && { dtypes: [dtype] })[0];
}

export const add = (a: Value, b: Value): Value => elementwise('Add', a, b);
export const subtract = (a: Value, b: Value): Value => elementwise('Sub', a, b);
export const multiply = (a: Value, b: Value): Value => elementwise('Mul', a, b);
export const divide = (a: Value, b: Value): Value => elementwise('Div', a, b);
export const equal = (a: Value, b: Value): Value => elementwise('Equal', a, b, 'bool');

export const negate = (x: Value): Value => unary('Neg', x);
export const exp = (x: Value): Value => unary('Exp', x);
export const log = (x: Value): Value => unary('Log', x);
export const sqrt = (x: Value): Value => unary('Sqrt', x);
export const abs = (x: Value): Value => unary('Abs', x);
export const cos = (x: Value): Value => unary('Cos', x);
export const sin = (x: Value): Value => unary('Sin', x);
export const erf = (x: Value): Value => unary('Erf', x);
export const sigmoid = (x: Value): Value => unary('Sigmoid', x);
export const tanh = (x: Value): Value => unary('Tanh', x);
/** Gaussian error linear unit in its exact (erf) form. */
export const gelu = (x: Value): Value => unary('Gelu', x);
export const leakyRelu = (x: Value, alpha: number): Value => unary('LeakyRelu', x, { alpha: { float: alpha } });
/** Softmax over the last axis. */
export const softmax = (x: Value): Value => unary('Softmax', x, { axis: -1 });
/** `x` limited to [low, high]. */
export function clip(x: Value, low: number, high: number): Value {
  return x.graph.node('Clip', [x, scalar(x, low), scalar(x, high)], [x.shape])[0];
}

export function cast(x: Value, to: DType): Value {
  if (x.dtype === to) return x;
  return x.graph.node('Cast', [x], [x.shape], { attributes: { to: ONNX_DTYPES[to] }, dtypes: [to] })[0];
}

/** A constant of the type of `like` that broadcasts against anything. */
export function scalar(like: Value, value: number): Value {
  return cast(like.graph.constant(Float32Array.of(value), []), like.dtype);
}

function indices(like: Value, values: readonly number[]): Value {
  return like.graph.constant(BigInt64Array.from(values, BigInt));
}

/** Matrix product over the last two axes: [..., m, k] × [..., k, n] → [..., m, n], leading axes broadcast. */
export function matmul(a: Value, b: Value): Value {
  const inner = a.shape.at(-1);
  if (a.shape.length < 2 || b.shape.length < 2 || inner !== b.shape.at(-2)) {
    throw shapeError('MatMul', '[…, m, k] and […, k, n]', a, b);
  }
  const leading = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return a.graph.node('MatMul', [a, b], [[...leading, a.shape.at(-2)!, b.shape.at(-1)!]])[0];
}

/** x·Wᵀ + bias on matrices: x [m, k] (or [k, m] with transA), weight [n, k] (or [k, n] without transB) → [m, n]. */
export function gemm(a: Value, b: Value, bias: Value | null, { transA = false, transB = false } = {}): Value {
  const [m, k] = transA ? [a.shape[1], a.shape[0]] : a.shape;
  const [innerB, n] = transB ? [b.shape[1], b.shape[0]] : b.shape;
  if (a.shape.length !== 2 || b.shape.length !== 2 || k !== innerB) {
    throw shapeError('Gemm', `[m, k]${transA ? 'ᵀ' : ''} and [k, n]${transB ? 'ᵀ' : ''}`, a, b);
  }
  const inputs = bias ? [a, b, bias] : [a, b];
  return a.graph.node('Gemm', inputs, [[m, n]], { attributes: { transA: Number(transA), transB: Number(transB) } })[0];
}

export type Padding = { readonly top: number; readonly left: number; readonly bottom: number; readonly right: number };

export type ConvOptions = { readonly stride?: number; readonly padding: Padding };

/** The shape of what a convolution makes of x [batch, in, h, w] with weight [out, in, kh, kw]. Height and width are static. */
export function convolutionShape(x: Value, weight: Value, { stride = 1, padding }: ConvOptions): Dim[] {
  const [batch, channels, height, width] = x.shape;
  const [outChannels, inChannels, kernelHeight, kernelWidth] = weight.shape as readonly number[];
  if (x.shape.length !== 4 || channels !== inChannels)
    throw shapeError('Conv', `${inChannels} input channels`, x, weight);
  const { top, left, bottom, right } = padding;
  const outSize = (size: number, kernel: number) => Math.floor((size - kernel) / stride) + 1;
  const outHeight = outSize(staticDim(height, 'the height') + top + bottom, kernelHeight);
  const outWidth = outSize(staticDim(width, 'the width') + left + right, kernelWidth);
  return [batch, outChannels, outHeight, outWidth];
}

/** Convolution: x [batch, in, h, w], weight [out, in, kh, kw] → [batch, out, h', w']. Height and width are static. */
export function conv(x: Value, weight: Value, bias: Value | null, options: ConvOptions): Value {
  const { stride = 1, padding } = options;
  const { top, left, bottom, right } = padding;
  const inputs = bias ? [x, weight, bias] : [x, weight];
  return x.graph.node('Conv', inputs, [convolutionShape(x, weight, options)], {
    attributes: {
      kernel_shape: weight.shape.slice(2) as readonly number[],
      strides: [stride, stride],
      pads: [top, left, bottom, right],
    },
  })[0];
}

/** The same elements in another shape. At most one dimension of `shape` may be symbolic. */
export function reshape(x: Value, shape: Shape): Value {
  if (elementCount(shape) !== elementCount(x.shape)) {
    throw shapeError('Reshape', `as many elements as ${formatShape(shape)}`, x);
  }
  if (sameShape(x.shape, shape)) return x;
  const target = indices(
    x,
    shape.map((dim) => (typeof dim === 'number' ? dim : -1)),
  );
  return x.graph.node('Reshape', [x, target], [shape])[0];
}

export function transpose(x: Value, permutation: readonly number[]): Value {
  if ([...permutation].sort().some((axis, index) => axis !== index) || permutation.length !== x.shape.length) {
    throw shapeError('Transpose', `a permutation of ${x.shape.length} axes, not (${permutation})`, x);
  }
  const shape = permutation.map((axis) => x.shape[axis]);
  return x.graph.node('Transpose', [x], [shape], { attributes: { perm: permutation } })[0];
}

export function concat(values: readonly Value[], axis: number): Value {
  const [first, ...rest] = values;
  for (const value of rest) {
    const agrees =
      value.shape.length === first.shape.length && value.shape.every((dim, a) => a === axis || dim === first.shape[a]);
    if (!agrees) throw shapeError('Concat', `shapes that differ only in axis ${axis}`, first, value);
  }
  const size = values.reduce((sum, value) => sum + staticDim(value.shape[axis], `axis ${axis}`), 0);
  const shape = first.shape.map((dim, a) => (a === axis ? size : dim));
  return first.graph.node('Concat', values, [shape], { attributes: { axis } })[0];
}

/** Elements `from` (inclusive) to `to` (exclusive) of a static axis. */
export function slice(x: Value, axis: number, from: number, to: number): Value {
  const size = staticDim(x.shape[axis], `axis ${axis} of ${describe(x)}`);
  if (from < 0 || to > size || from >= to) throw shapeError('Slice', `0 ≤ ${from} < ${to} ≤ size of axis ${axis}`, x);
  const shape = x.shape.map((dim, a) => (a === axis ? to - from : dim));
  return x.graph.node('Slice', [x, indices(x, [from]), indices(x, [to]), indices(x, [axis])], [shape])[0];
}

export function split(x: Value, axis: number, sizes: readonly number[]): Value[] {
  if (sizes.reduce((sum, size) => sum + size, 0) !== x.shape[axis])
    throw shapeError('Split', `axis ${axis} to sum up ${sizes}`, x);
  const shapes = sizes.map((size) => x.shape.map((dim, a) => (a === axis ? size : dim)));
  return x.graph.node('Split', [x, indices(x, sizes)], shapes, { attributes: { axis } });
}

/** Rows of `table` [rows, …] picked by integer `index` […] → […, …]. */
export function gather(table: Value, index: Value): Value {
  const shape = [...index.shape, ...table.shape.slice(1)];
  return table.graph.node('Gather', [table, index], [shape], { attributes: { axis: 0 } })[0];
}

function reduce(op: string, x: Value, axes: readonly number[], keepDims: boolean): Value {
  const shape = x.shape
    .map((dim, axis): Dim => (axes.includes(axis) ? 1 : dim))
    .filter((_, axis) => keepDims || !axes.includes(axis));
  return x.graph.node(op, [x, indices(x, axes)], [shape], { attributes: { keepdims: Number(keepDims) } })[0];
}

export const reduceSum = (x: Value, axes: readonly number[], { keepDims = true } = {}): Value =>
  reduce('ReduceSum', x, axes, keepDims);
export const reduceMean = (x: Value, axes: readonly number[], { keepDims = true } = {}): Value =>
  reduce('ReduceMean', x, axes, keepDims);
export const reduceMax = (x: Value, axes: readonly number[], { keepDims = true } = {}): Value =>
  reduce('ReduceMax', x, axes, keepDims);

/** `x` [1, …] repeated along its first axis to the batch size of `like` [batch, …]. */
export function expandBatch(x: Value, like: Value): Value {
  const { graph } = x;
  const shape = [like.shape[0], ...x.shape.slice(1)];
  const [likeShape] = graph.node('Shape', [like], [[1]], { attributes: { start: 0, end: 1 }, dtypes: ['int64'] });
  const rest = indices(
    x,
    x.shape.slice(1).map((dim) => staticDim(dim, `every axis but the first of ${describe(x)}`)),
  );
  return graph.node('Expand', [x, concat([likeShape, rest], 0)], [shape])[0];
}

/** Nearest-neighbour enlargement of [batch, channels, h, w] by a whole factor. */
export function upsampleNearest(x: Value, factor: number): Value {
  const [batch, channels, height, width] = x.shape;
  const shape = [batch, channels, staticDim(height, 'the height') * factor, staticDim(width, 'the width') * factor];
  const scales = x.graph.constant(Float32Array.of(1, 1, factor, factor));
  return x.graph.node('Resize', [x, null, scales], [shape], {
    attributes: { mode: 'nearest', nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' },
  })[0];
}

/** LayerNorm over the last axis with scale and shift. */
export function layerNormalization(x: Value, weight: Value, bias: Value, epsilon: number): Value {
  if (weight.shape[0] !== x.shape.at(-1))
    throw shapeError('LayerNormalization', `${weight.shape[0]} features on the last axis`, x);
  return x.graph.node('LayerNormalization', [x, weight, bias], [x.shape], {
    attributes: { axis: -1, epsilon: { float: epsilon } },
  })[0];
}

/** GroupNorm of [batch, channels, …] with a scale and shift per channel. */
export function groupNormalization(
  x: Value,
  weight: Value,
  bias: Value,
  options: { groups: number; epsilon: number },
): Value {
  if (weight.shape[0] !== x.shape[1]) throw shapeError('GroupNormalization', `${weight.shape[0]} channels`, x);
  return x.graph.node('GroupNormalization', [x, weight, bias], [x.shape], {
    attributes: { num_groups: options.groups, epsilon: { float: options.epsilon } },
  })[0];
}

/** Element types by their number in ONNX's `TensorProto.DataType`. */
export const ONNX_DTYPES: Readonly<Record<DType | 'bfloat16', number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
};
