import { staticDim, staticElementCount } from '../dims.ts';
import { cast, concat, convolutionShape, layerNormalization, matmul, reshape, transpose } from '../ops.ts';
import { channelsLast, fromChannelsLast, pendingSum, settleSum, takePendingSum } from './channels-last.ts';
import type { ImageOps, OpSet } from './op-set.ts';
import { linear, primitive } from './primitive.ts';

const MICROSOFT = 'com.microsoft';

/** Feature maps in NHWC. */
const images: ImageOps = {
  add: pendingSum,
  shift: (x, shift) => pendingSum(x, cast(shift, x.dtype)),
  concat: (a, b) => fromChannelsLast(concat([channelsLast(a), channelsLast(b)], 3)),
  enlarge(x, factor) {
    const nhwc = channelsLast(x);
    const [batch, height, width, channels] = nhwc.shape;
    const shape = [batch, staticDim(height, 'the height') * factor, staticDim(width, 'the width') * factor, channels];
    const scales = x.graph.constant(Float32Array.of(1, factor, factor, 1));
    const attributes = { mode: 'nearest', nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' };
    return fromChannelsLast(x.graph.node('Resize', [nhwc, null, scales], [shape], { attributes })[0]);
  },
  toTokens(x) {
    const [batch, channels, ...size] = x.shape;
    return reshape(channelsLast(x), [batch, staticElementCount(size), channels]);
  },
  fromTokens(tokens, { height, width }) {
    const [batch, , channels] = tokens.shape;
    return fromChannelsLast(reshape(tokens, [batch, height, width, channels]));
  },
  toPlain: (x) => transpose(channelsLast(x), [0, 3, 1, 2]),
};

/** Hidden features that BiasSplitGelu's kernel is compiled for: Stable Diffusion's. */
const GEGLU_SIZES: readonly number[] = [1280, 2560, 5120];

/** Each thread of a group norm's kernel takes this many channels of one group. */
const CHANNELS_PER_THREAD = 2;

/**
 * Half-precision arithmetic, feature maps in NHWC and the fused operators of ONNX Runtime's CUDA provider, after its operator schemas and
 * kernels. Weights keep the type they are stored in and are cast where they are used, which the runtime does once, as it loads the graph; the
 * group norms' kernels take float32 weights only.
 *
 * What is in half precision is sound there because the kernels keep their sums in float32: the norms' means and variances, the products of matrices
 * and convolutions, and the softmax of attention. The group norms' kernels add up in whatever order their threads finish, so two runs of one
 * input may differ in the last bits.
 */
export const cuda: OpSet = {
  ...primitive,
  name: 'cuda',
  precision: 'float16',
  images,
  linear: (x, weight, bias) => linear(x, cast(weight, x.dtype), bias && cast(bias, x.dtype)),
  convolution(x, weight, bias, options) {
    const { stride = 1, padding } = options;
    const [batch, outChannels, height, width] = convolutionShape(x, weight, options);
    const kernels = transpose(cast(weight, x.dtype), [0, 2, 3, 1]); // [out, kh, kw, in]
    const inputs = bias ? [channelsLast(x), kernels, cast(bias, x.dtype)] : [channelsLast(x), kernels];
    const [y] = x.graph.node('NhwcConv', inputs, [[batch, height, width, outChannels]], {
      domain: MICROSOFT,
      attributes: {
        kernel_shape: kernels.shape.slice(1, 3) as readonly number[],
        strides: [stride, stride],
        pads: [padding.top, padding.left, padding.bottom, padding.right],
      },
    });
    return fromChannelsLast(y);
  },
  groupNorm(x, weight, bias, norm) {
    const { groups, epsilon, silu = false } = norm;
    if ((staticDim(x.shape[1], 'the channels') / groups) % CHANNELS_PER_THREAD !== 0)
      return primitive.groupNorm(images.toPlain(x), cast(weight, x.dtype), cast(bias, x.dtype), norm);
    const attributes = { groups, epsilon: { float: epsilon }, activation: Number(silu), channels_last: 1 };
    const options = { domain: MICROSOFT, attributes };
    const sum = takePendingSum(x);
    if (!sum) {
      const nhwc = channelsLast(x);
      return fromChannelsLast(x.graph.node('GroupNorm', [nhwc, weight, bias], [nhwc.shape], options)[0]);
    }
    const inputs = [sum.x, weight, bias, sum.addend];
    const [normed, added] = x.graph.node('SkipGroupNorm', inputs, [sum.x.shape, sum.x.shape], options);
    settleSum(x, added);
    return fromChannelsLast(normed);
  },
  layerNorm: (x, weight, bias, epsilon) => layerNormalization(x, cast(weight, x.dtype), cast(bias, x.dtype), epsilon),
  /** BiasSplitGelu(x, b) = (x + b)[left half] · gelu((x + b)[right half]). */
  geglu(x, weight, bias) {
    const hidden = staticDim(weight.shape[0], 'the hidden features') / 2;
    if (x.shape.length !== 3 || !GEGLU_SIZES.includes(hidden))
      return primitive.geglu(x, cast(weight, x.dtype), cast(bias, x.dtype));
    const projected = matmul(x, transpose(cast(weight, x.dtype), [1, 0]));
    const shape = [...x.shape.slice(0, -1), hidden];
    return x.graph.node('BiasSplitGelu', [projected, cast(bias, x.dtype)], [shape], { domain: MICROSOFT })[0];
  },
  attention: (query, key, value, { heads, mask }) =>
    query.graph.node(
      'MultiHeadAttention',
      mask ? [query, key, value, null, null, cast(mask, query.dtype)] : [query, key, value],
      [query.shape],
      { domain: MICROSOFT, attributes: { num_heads: heads } },
    )[0],
};

/**
 * Operators above that no provider has run yet where this was written: their formulas are checked against the schemas only. MultiHeadAttention is
 * one of the CPU provider's too.
 */
export const UNVERIFIED_ON_CUDA: readonly string[] = ['NhwcConv', 'GroupNorm', 'SkipGroupNorm', 'BiasSplitGelu'];
