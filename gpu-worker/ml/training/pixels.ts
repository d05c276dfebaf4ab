import type { FloatTensor } from '../runtime/session.ts';

/** A square part of square pictures, in pixels. */
export type Crop = { left: number; top: number; sizePx: number };

/**
 * Pictures [n, size, size, channels] of bytes as a tensor [n, channels, crop, crop], each byte through `map`. Each picture has its own crop;
 * all crops are of one size.
 */
export function toPlanes(
  bytes: Uint8Array,
  channels: number,
  crops: readonly Crop[],
  map: (byte: number) => number,
): FloatTensor {
  const count = crops.length;
  const size = Math.sqrt(bytes.length / count / channels);
  const { sizePx } = crops[0];
  const data = new Float32Array(count * channels * sizePx ** 2);
  let out = 0;
  for (const [n, { left, top }] of crops.entries()) {
    for (let channel = 0; channel < channels; channel++) {
      for (let y = 0; y < sizePx; y++) {
        let source = ((n * size + top + y) * size + left) * channels + channel;
        for (let x = 0; x < sizePx; x++, source += channels) data[out++] = map(bytes[source]);
      }
    }
  }
  return { data, shape: [count, channels, sizePx, sizePx] };
}

/** A byte of a picture as the VAE sees it, −1…1. */
export const toUnit = (byte: number): number => byte / 127.5 - 1;

export const wholePictures = (count: number, sizePx: number): Crop[] =>
  Array.from({ length: count }, () => ({ left: 0, top: 0, sizePx }));
