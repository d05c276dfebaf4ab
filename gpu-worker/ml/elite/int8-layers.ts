import { int8 } from '../graph/op-sets/int8.ts';
import type { PictureSize } from '../image/picture.ts';
import type { EliteConfig } from '../models/elite-config.ts';
import { networkGraphs } from './network-graphs.ts';

/**
 * What stays float32 of the layers that could be int8, by `npm run bench -- int8`: its error is that of the noise with only this kind int8, on the
 * small reference model and at full size with random weights, where everything together comes to 4 %.
 *
 * - the convolutions at both ends: 0.6 to 1.2 %, a thousandth of a step's time
 * - the time embedding and its projections: 0.1 to 0.2 %, a thousandth of a step's time
 * - the shortcuts around ResNet blocks, which see two levels' features on one scale: 2.2 and 2.0 %, most of all kinds, a fiftieth of a step's time
 */
const FLOAT_LAYERS = /(^|[/.])(conv_in|conv_out|conv_shortcut|time_embedding|time_emb_proj)\./;

/** Whether the weight at a path of checkpoint and key is int8 in a model that is built so. */
export function isInt8Layer(path: string): boolean {
  return !FLOAT_LAYERS.test(path);
}

/**
 * The weights that a model's UNet reads as int8 once it is built so, by checkpoint and key, and the shape each is stored in, whatever the size of the
 * picture.
 */
export function int8Layout(
  config: EliteConfig,
  size: PictureSize,
  isQuantised = isInt8Layer,
): ReadonlyMap<string, readonly number[]> {
  const { parameters } = networkGraphs(
    config,
    int8(({ name }) => isQuantised(name)),
  ).unet(size);
  return new Map(
    [...parameters].filter(([, { value }]) => value?.dtype === 'int8').map(([path, { shape }]) => [path, shape]),
  );
}
