import { staticDim } from '../graph/dims.ts';
import type { Value } from '../graph/graph.ts';
import type { Padding } from '../graph/ops.ts';
import type { Scope } from '../graph/scope.ts';

type ConvolutionOptions = { kernel: number; stride?: number; padding?: Padding; bias?: boolean };

/** A square convolution, padded to keep the size unless told otherwise: x [batch, in, h, w] → [batch, outChannels, h', w']. */
export function convolution(at: Scope, x: Value, outChannels: number, options: ConvolutionOptions): Value {
  const { kernel, stride = 1, padding = evenPadding((kernel - 1) / 2), bias = true } = options;
  const inChannels = staticDim(x.shape[1], `the channels entering ${at.path}`);
  const weight = at.parameter('weight', [outChannels, inChannels, kernel, kernel]);
  return at.ops.convolution(x, weight, bias ? at.parameter('bias', [outChannels]) : null, { stride, padding });
}

export function evenPadding(size: number): Padding {
  return { top: size, left: size, bottom: size, right: size };
}

/** Half the height and width by a strided convolution. The VAE pads only below and to the right, the UNet on all sides. */
export function downsample(at: Scope, x: Value, padding: Padding): Value {
  const channels = staticDim(x.shape[1], `the channels entering ${at.path}`);
  return convolution(at.at('conv'), x, channels, { kernel: 3, stride: 2, padding });
}

/** Twice the height and width: nearest neighbour, then a convolution. */
export function upsample(at: Scope, x: Value): Value {
  const channels = staticDim(x.shape[1], `the channels entering ${at.path}`);
  return convolution(at.at('conv'), at.ops.images.enlarge(x, 2), channels, { kernel: 3 });
}
