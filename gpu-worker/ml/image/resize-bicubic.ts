import type { Picture } from './picture.ts';

/** Catmull-Rom. */
const A = -0.5;
const SUPPORT = 2;
/** Weights are fixed-point numbers with as many fractional bits: 8 bits of pixel and 2 of headroom are left of 32. */
const PRECISION_BITS = 32 - 8 - 2;
const HALF = 1 << (PRECISION_BITS - 1);
const CHANNELS = 3;

/**
 * PIL's `Image.resize((width, height), Image.BICUBIC)`, level for level (Pillow 9.4, src/libImaging/Resample.c): the filter widens when it
 * shrinks, so that every pixel counts; first horizontally, then vertically, rounded to 8 bits in between. (Later versions of Pillow
 * choose the order by the picture's shape, which moves some tall pictures by a level.)
 */
export function resizeBicubic(picture: Picture, width: number, height: number): Picture {
  const narrowed = width === picture.width ? picture : resizeHorizontally(picture, width);
  return height === picture.height ? narrowed : resizeVertically(narrowed, height);
}

function resizeHorizontally({ width, height, rgb }: Picture, newWidth: number): Picture {
  const resized = new Uint8Array(newWidth * height * CHANNELS);
  const windows = filterWindows(width, newWidth);
  for (let y = 0; y < height; y++) {
    for (const [x, { start, weights }] of windows.entries()) {
      const source = (y * width + start) * CHANNELS;
      writeWeightedPixel(resized, (y * newWidth + x) * CHANNELS, rgb, source, CHANNELS, weights);
    }
  }
  return { width: newWidth, height, rgb: resized };
}

function resizeVertically({ width, height, rgb }: Picture, newHeight: number): Picture {
  const resized = new Uint8Array(width * newHeight * CHANNELS);
  for (const [y, { start, weights }] of filterWindows(height, newHeight).entries()) {
    for (let x = 0; x < width; x++) {
      const source = (start * width + x) * CHANNELS;
      writeWeightedPixel(resized, (y * width + x) * CHANNELS, rgb, source, width * CHANNELS, weights);
    }
  }
  return { width, height: newHeight, rgb: resized };
}

/** The sum of pixels `stride` bytes apart from `source` on, each times its weight, in 32-bit integers, which are several times faster. */
function writeWeightedPixel(
  target: Uint8Array,
  at: number,
  rgb: Uint8Array,
  source: number,
  stride: number,
  weights: Int32Array,
): void {
  let red = HALF;
  let green = HALF;
  let blue = HALF;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i];
    red = (red + Math.imul(rgb[source], weight)) | 0;
    green = (green + Math.imul(rgb[source + 1], weight)) | 0;
    blue = (blue + Math.imul(rgb[source + 2], weight)) | 0;
    source += stride;
  }
  target[at] = clamp(red >> PRECISION_BITS);
  target[at + 1] = clamp(green >> PRECISION_BITS);
  target[at + 2] = clamp(blue >> PRECISION_BITS);
}

function clamp(level: number): number {
  return level < 0 ? 0 : level > 255 ? 255 : level;
}

type FilterWindow = { readonly start: number; readonly weights: Int32Array };

/** For each of `newSize` pixels the pixels it is made of and their weights, which sum to about 1. */
function filterWindows(size: number, newSize: number): FilterWindow[] {
  const scale = size / newSize;
  const filterScale = Math.max(scale, 1);
  const support = SUPPORT * filterScale;
  return Array.from({ length: newSize }, (_, i) => {
    const center = (i + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const end = Math.min(Math.trunc(center + support + 0.5), size);
    const weights = Float64Array.from({ length: end - start }, (_, j) =>
      bicubic((start + j - center + 0.5) * (1 / filterScale)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { start, weights: Int32Array.from(weights, (weight) => toFixedPoint(weight / sum)) };
  });
}

/** Rounds half away from zero, as the C code does. */
function toFixedPoint(weight: number): number {
  return Math.trunc(weight * (1 << PRECISION_BITS) + (weight < 0 ? -0.5 : 0.5));
}

/** Keys 1981, Eq. 4. */
function bicubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return ((A + 2) * x - (A + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * A;
  return 0;
}
