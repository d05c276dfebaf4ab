import type { Picture } from './picture.ts';

/** What a network subtracts from the channels red, green, blue, and divides them by, once they are in 0…1. */
export type PixelStatistics = { readonly mean: readonly number[]; readonly deviation: readonly number[] };

/** Of CLIP's training pictures (openai/CLIP, clip.py). */
export const CLIP_PIXELS: PixelStatistics = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  deviation: [0.26862954, 0.26130258, 0.27577711],
};

/** Levels [height, width, 3] → a network's units [3, height, width]. */
export function normalisePixels({ width, height, rgb }: Picture, { mean, deviation }: PixelStatistics): Float32Array {
  const pixels = width * height;
  const normalised = new Float32Array(3 * pixels);
  for (let channel = 0; channel < 3; channel++)
    for (let i = 0; i < pixels; i++)
      normalised[channel * pixels + i] = (rgb[3 * i + channel] / 255 - mean[channel]) / deviation[channel];
  return normalised;
}
