import { CLIP_PIXELS } from '../image/normalise-pixels.ts';
import type { Picture } from '../image/picture.ts';
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
  map: (byte: number, channel: number) => number,
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
        for (let x = 0; x < sizePx; x++, source += channels) data[out++] = map(bytes[source], channel);
      }
    }
  }
  return { data, shape: [count, channels, sizePx, sizePx] };
}

/** Whole pictures [n, size, size, 3] of bytes as a tensor [n, 3, size, size]. */
export function wholePlanes(
  bytes: Uint8Array,
  sizePx: number,
  map: (byte: number, channel: number) => number,
): FloatTensor {
  const count = bytes.length / (3 * sizePx ** 2);
  const crops = Array.from({ length: count }, () => ({ left: 0, top: 0, sizePx }));
  return toPlanes(bytes, 3, crops, map);
}

/** A byte of a picture as the VAE sees it, −1…1. */
export const toUnit = (byte: number): number => byte / 127.5 - 1;

/** A byte of a picture as CLIP sees it. */
export const toClipPixels = (byte: number, channel: number): number =>
  (byte / 255 - CLIP_PIXELS.mean[channel]) / CLIP_PIXELS.deviation[channel];

/** Square pictures [n, size, size, 3] of half the size, each pixel the mean of four. */
export function shrinkByHalf(bytes: Uint8Array, count: number): Uint8Array {
  const size = Math.sqrt(bytes.length / count / 3);
  const row = size * 3;
  const half = new Uint8Array(bytes.length / 4);
  let out = 0;
  for (let y = 0; y < count * size; y += 2) {
    for (let x = 0; x < row; x += 6) {
      for (let channel = 0; channel < 3; channel++) {
        const at = y * row + x + channel;
        half[out++] = (bytes[at] + bytes[at + 3] + bytes[at + row] + bytes[at + row + 3] + 2) >> 2;
      }
    }
  }
  return half;
}

/** Square pictures of one size as a tensor [n, 3, size, size]. */
export function picturePlanes(
  pictures: readonly Picture[],
  map: (byte: number, channel: number) => number,
): FloatTensor {
  const bytes = Buffer.concat(pictures.map(({ rgb }) => rgb));
  return wholePlanes(bytes, pictures[0].width, map);
}

/** Pictures [n, 3, h, w] in −1…1 as bytes, values beyond cut off. */
export function fromPlanes({ data, shape }: FloatTensor): Picture[] {
  const [count, , height, width] = shape;
  const pixels = height * width;
  return Array.from({ length: count }, (_, n) => {
    const planes = data.subarray(n * 3 * pixels, (n + 1) * 3 * pixels);
    const rgb = Uint8Array.from({ length: 3 * pixels }, (_, i) => {
      const value = planes[(i % 3) * pixels + Math.floor(i / 3)];
      return Math.round(Math.min(1, Math.max(0, value / 2 + 0.5)) * 255);
    });
    return { width, height, rgb };
  });
}

/** Softens planes [n, side, side] in place: `amount` means over 3 × 3 pixels, what is left of a whole one as a mixture. */
export function soften(planes: Float32Array, side: number, amount: number): void {
  const before = new Float32Array(side ** 2);
  for (let left = amount; left > 0; left--) {
    const share = Math.min(1, left);
    for (let start = 0; start < planes.length; start += side ** 2) {
      const plane = planes.subarray(start, start + side ** 2);
      before.set(plane);
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++)
          plane[y * side + x] += share * (meanAround(before, side, x, y) - plane[y * side + x]);
      }
    }
  }
}

/** The mean of a pixel and those around it, as many as there are. */
function meanAround(plane: Float32Array, side: number, x: number, y: number): number {
  const [left, right] = [Math.max(0, x - 1), Math.min(side - 1, x + 1)];
  const [top, bottom] = [Math.max(0, y - 1), Math.min(side - 1, y + 1)];
  let sum = 0;
  for (let row = top; row <= bottom; row++)
    for (let column = left; column <= right; column++) sum += plane[row * side + column];
  return sum / ((right - left + 1) * (bottom - top + 1));
}
