import { staticDim, staticElementCount } from '../dims.ts';
import type { Value } from '../graph.ts';
import { type ConvOptions, conv } from '../ops.ts';
import type { OpSet } from './op-set.ts';
import { groupNormThen, primitive } from './primitive.ts';
import { fitsWinograd, winogradConvolution } from './winograd.ts';

const MICROSOFT = 'com.microsoft';

/**
 * Winograd's convolution keeps four transformed numbers in memory for each weight and saves three multiplications of four for each pixel: below
 * this size of image the memory is better left to others.
 */
const MIN_WINOGRAD_PIXELS = 64 * 64;
/** The same for a network that runs once a picture. In SD's VAE the images below have half of the weights and a tenth of the work. */
const MIN_WINOGRAD_PIXELS_ONCE = 128 * 128;
/** With fewer channels than this on either side, transforming tiles costs more than it saves. */
const MIN_WINOGRAD_CHANNELS = 64;

/** The fused operators that ONNX Runtime's CPU provider has kernels for; elsewhere the standard ones. */
export const portable = {
  ...primitive,
  name: 'portable',
  convolution: convolutionFrom(MIN_WINOGRAD_PIXELS),
  once: { convolution: convolutionFrom(MIN_WINOGRAD_PIXELS_ONCE) },
  gatedSigmoid: quickGelu,
  groupNorm: groupNormThen(quickGelu),
  attention: (query, key, value, { heads, mask }) =>
    query.graph.node(
      'MultiHeadAttention',
      mask ? [query, key, value, null, null, mask] : [query, key, value],
      [query.shape],
      {
        domain: MICROSOFT,
        attributes: { num_heads: heads },
      },
    )[0],
} satisfies OpSet;

/** The operator is named after its use in CLIP; with alpha 1 it is SiLU. */
function quickGelu(x: Value, alpha: number): Value {
  return x.graph.node('QuickGelu', [x], [x.shape], { domain: MICROSOFT, attributes: { alpha: { float: alpha } } })[0];
}

function convolutionFrom(minPixels: number): OpSet['convolution'] {
  return (x, weight, bias, options) =>
    isWorthWinograd(x, weight, { ...options, minPixels })
      ? winogradConvolution(x, weight, bias)
      : conv(x, weight, bias, options);
}

function isWorthWinograd(
  x: Value,
  weight: Value,
  { stride = 1, padding, minPixels }: ConvOptions & { readonly minPixels: number },
): boolean {
  const [outChannels, inChannels, ...kernel] = weight.shape.map((size) => staticDim(size, 'the size of a kernel'));
  return (
    kernel.every((size) => size === 3) &&
    stride === 1 &&
    Object.values(padding).every((size) => size === 1) &&
    fitsWinograd(x) &&
    staticElementCount(x.shape.slice(2)) >= minPixels &&
    Math.min(inChannels, outChannels) >= MIN_WINOGRAD_CHANNELS
  );
}
