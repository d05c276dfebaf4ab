import { elementCount, staticDim, staticElementCount } from '../dims.ts';
import type { Value } from '../graph.ts';
import { type ConvOptions, convolutionShape, reshape } from '../ops.ts';
import type { ImageOps, OpSet } from './op-set.ts';
import { portable } from './portable.ts';
import { gegluAfter, primitive } from './primitive.ts';

const MICROSOFT = 'com.microsoft';

/**
 * The portable op set with the layers whose weights are int8 computed in integers: activations become uint8 as they enter, by the smallest and
 * the largest of a whole tensor, and are multiplied with the weights in int32. What stays float32 is what no integer operator of ONNX Runtime does faster:
 * attention, norms and activations.
 */
export function int8(isQuantised: (weight: Value) => boolean): OpSet {
  const linear: OpSet['linear'] = (x, weight, bias) =>
    isQuantised(weight) ? integerLinear(x, weight, bias) : portable.linear(x, weight, bias);
  const convolutionOver =
    (float: OpSet['convolution']): OpSet['convolution'] =>
    (x, weight, bias, options) =>
      isQuantised(weight) ? integerConvolution(x, weight, bias, options) : float(x, weight, bias, options);
  return {
    ...portable,
    name: 'int8',
    sharesScales: true,
    images,
    linear,
    convolution: convolutionOver(portable.convolution),
    once: { convolution: convolutionOver(portable.once.convolution) },
    geglu: gegluAfter(linear),
  };
}

/**
 * Integer products are of pixels by channels, which feature maps are not: the pixels of a map that came out of a product, or is about to enter one,
 * are remembered, [batch, pixels, channels].
 */
const pixelsOf = new WeakMap<Value, Value>();

const images: ImageOps = {
  ...primitive.images,
  toTokens: (x) => pixelsOf.get(x) ?? primitive.images.toTokens(x),
  fromTokens: (tokens, size) => withPixels(primitive.images.fromTokens(tokens, size), tokens),
};

function withPixels(x: Value, pixels: Value): Value {
  pixelsOf.set(x, pixels);
  return x;
}

/** Numbers 0…255, each worth (number − zeroPoint)·scale. */
type Quantised = { readonly numbers: Value; readonly scale: Value; readonly zeroPoint: Value };

/** Query, key and value read the same numbers. */
const quantisedOnce = new WeakMap<Value, Quantised>();

function quantise(x: Value): Quantised {
  const known = quantisedOnce.get(x);
  if (known) return known;
  const [numbers, scale, zeroPoint] = x.graph.node('DynamicQuantizeLinear', [x], [x.shape, [], []], {
    dtypes: ['uint8', 'float32', 'uint8'],
  });
  const quantised = { numbers, scale, zeroPoint };
  quantisedOnce.set(x, quantised);
  return quantised;
}

function integerLinear(x: Value, weight: Value, bias: Value | null): Value {
  const [outFeatures, inFeatures] = weight.shape as readonly number[];
  const leading = x.shape.slice(0, -1);
  const quantised = quantise(x);
  const rows = reshape(quantised.numbers, [elementCount(leading), inFeatures]);
  const y = integerProduct({ ...quantised, numbers: rows }, weight, bias);
  return reshape(y, [...leading, outFeatures]);
}

/** A product of [rows, in] with a weight of `in` numbers for each output → [rows, out], float32. */
function integerProduct({ numbers, scale, zeroPoint }: Quantised, weight: Value, bias: Value | null): Value {
  const [rows, inFeatures] = numbers.shape;
  const outFeatures = staticDim(weight.shape[0], 'the outputs');
  const stored = weight.graph.quantise(weight, [staticDim(inFeatures, 'the inputs'), outFeatures]);
  const inputs = [numbers, stored.numbers, scale, stored.scale, zeroPoint, null, bias];
  return numbers.graph.node('MatMulIntegerToFloat', bias ? inputs : inputs.slice(0, 5), [[rows, outFeatures]], {
    domain: MICROSOFT,
    dtypes: ['float32'],
  })[0];
}

/** Every pixel's neighbourhood as a row, times a weight of one column an output: kernels are stored [kh·kw·in, out]. */
function integerConvolution(x: Value, weight: Value, bias: Value | null, options: ConvOptions): Value {
  const [batch, outChannels, height, width] = convolutionShape(x, weight, options);
  const pixels = staticElementCount([height, width]);
  const { numbers, ...range } = quantisedPixels(x);
  const patches = gatherPatches(numbers, range.zeroPoint, x, weight, options); // [batch·pixels, kh·kw·in]
  const y = integerProduct({ numbers: patches, ...range }, weight, bias);
  const tokens = reshape(y, [batch, pixels, outChannels]);
  const size = { height: staticDim(height, 'the height'), width: staticDim(width, 'the width') };
  return images.fromTokens(tokens, size);
}

/** A feature map as uint8 [batch, pixels, channels]: transposing it costs a quarter of what it would before. */
function quantisedPixels(x: Value): Quantised {
  const pixels = pixelsOf.get(x);
  if (pixels) return quantise(pixels);
  const { numbers, ...range } = quantise(x);
  return { numbers: primitive.images.toTokens(numbers), ...range };
}

/** The pixels under a kernel at each of its places, kernel positions in rows: numbers [batch, pixels, in] → [batch·places, kh·kw·in]. */
function gatherPatches(numbers: Value, zeroPoint: Value, x: Value, weight: Value, options: ConvOptions): Value {
  const [batch, , height, width] = convolutionShape(x, weight, options);
  const [, inChannels, kernelHeight, kernelWidth] = weight.shape as readonly number[];
  const places = staticElementCount([height, width]);
  const rows: readonly [typeof batch, number] = [
    elementCount([batch, places]),
    kernelHeight * kernelWidth * inChannels,
  ];
  const { stride = 1 } = options;
  if (kernelHeight * kernelWidth === 1 && stride === 1) return reshape(numbers, rows);
  const { graph } = numbers;
  const pixels = staticDim(numbers.shape[1], 'the pixels');
  const ends = graph.constant(BigInt64Array.of(0n, 0n, 0n, 0n, 1n, 0n));
  const [padded] = graph.node('Pad', [numbers, ends, zeroPoint], [[batch, pixels + 1, inChannels]]);
  const index = graph.constant(patchIndex(x, weight, options));
  const [patches] = graph.node('Gather', [padded, index], [[batch, staticElementCount(index.shape), inChannels]], {
    attributes: { axis: 1 },
  });
  return reshape(patches, rows);
}

/** For each place of a kernel, row by row, and each position in it: which pixel it reads; outside of the image the one behind the last, which is zero. */
function patchIndex(x: Value, weight: Value, options: ConvOptions): Int32Array {
  const { stride = 1, padding } = options;
  const [height, width] = x.shape.slice(2) as readonly number[];
  const [, , outHeight, outWidth] = convolutionShape(x, weight, options) as readonly number[];
  const [, , kernelHeight, kernelWidth] = weight.shape as readonly number[];
  const index = new Int32Array(outHeight * outWidth * kernelHeight * kernelWidth);
  for (let i = 0; i < index.length; i++) {
    const column = i % kernelWidth;
    const row = Math.floor(i / kernelWidth) % kernelHeight;
    const place = Math.floor(i / (kernelWidth * kernelHeight));
    const sourceX = (place % outWidth) * stride + column - padding.left;
    const sourceY = Math.floor(place / outWidth) * stride + row - padding.top;
    const inside = sourceX >= 0 && sourceX < width && sourceY >= 0 && sourceY < height;
    index[i] = inside ? sourceY * width + sourceX : height * width;
  }
  return index;
}
