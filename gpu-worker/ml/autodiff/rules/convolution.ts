import { type Shape, staticDim, staticElementCount } from '../../graph/dims.ts';
import type { Value } from '../../graph/graph.ts';
import { conv, type Padding, reduceSum, reshape, transpose } from '../../graph/ops.ts';
import { convTranspose, matmulTransposed, sumLeading, turnedAround, unfold } from '../gradient-ops.ts';
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

/** At stride 1 a convolution of dy with the weight turned around, which runs up to twice as fast as a transposed convolution. */
function inputGradient(dy: Value, weight: Value, shape: Shape, geometry: Geometry): Value {
  if (geometry.stride !== 1) return convTranspose(dy, weight, { shape, ...geometry });
  const [height, width] = [staticDim(weight.shape[2], 'the kernel'), staticDim(weight.shape[3], 'the kernel')];
  const { top, left, bottom, right } = geometry.padding;
  const turned = transpose(turnedAround(weight), [1, 0, 2, 3]); // [in, out, kh, kw]
  return conv(dy, turned, null, {
    padding: { top: height - 1 - top, left: width - 1 - left, bottom: height - 1 - bottom, right: width - 1 - right },
  });
}

/** dy [batch, out, h, w] times the patches of x [batch, in, H, W] that each place of the kernel met, summed over the batch → `shape`. */
function weightGradient(dy: Value, x: Value, shape: Shape, geometry: Geometry): Value {
  const [batch, outChannels, ...size] = dy.shape;
  const pixels = staticElementCount(size);
  const patches = unfold(x, { kernel: shape.slice(2), ...geometry }); // [batch, in·kh·kw, h, w]
  const columns = reshape(patches, [batch, patches.shape[1], pixels]);
  const perSample = matmulTransposed(reshape(dy, [batch, outChannels, pixels]), columns); // [batch, out, in·kh·kw]
  return reshape(sumLeading(perSample, 1), shape);
}
