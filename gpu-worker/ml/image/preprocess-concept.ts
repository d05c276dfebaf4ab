import type { Mask, Picture } from './picture.ts';
import { resizeBicubic } from './resize-bicubic.ts';
import { resizeMask } from './resize-mask.ts';

/** A photo as the networks take it. */
export type ConceptPixels = {
  /** The photo, normalised [3, imageSize, imageSize]. */
  readonly photo: Float32Array;
  /** The object on black, normalised alike; null without a mask: then it is the photo. */
  readonly object: Float32Array | null;
  /** 1 for each patch whose middle lies on the object, else 0 [gridSize²], row by row. */
  readonly maskGrid: Float32Array;
};

/** Means and deviations of CLIP's training pictures, red, green, blue (openai/CLIP, clip.py). */
const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073];
const CLIP_DEVIATION = [0.26862954, 0.26130258, 0.27577711];

/** The authors' code takes the mask to this size before the grid, whatever the grid's. */
const MASK_SIZE = 128;

/**
 * Prepares a photo and its mask as the authors' code does: background blackened *before* the resize, aspect ratio ignored. A mask of another
 * size is fitted to the photo.
 *
 * @param imageSize side of CLIP's input in pixels
 * @param gridSize patches along one side of it
 */
export function preprocessConcept(
  photo: Picture,
  mask: Mask | null,
  { imageSize, gridSize }: { imageSize: number; gridSize: number },
): ConceptPixels {
  const normalise = (picture: Picture) => normalisePixels(resizeBicubic(picture, imageSize, imageSize));
  if (!mask) return { photo: normalise(photo), object: null, maskGrid: new Float32Array(gridSize ** 2).fill(1) };
  const fitted = resizeMask(mask, photo.width, photo.height);
  const grid = resizeMask(resizeMask(fitted, MASK_SIZE, MASK_SIZE), gridSize, gridSize);
  return {
    photo: normalise(photo),
    object: normalise(blackenBackground(photo, fitted)),
    maskGrid: Float32Array.from(grid.object),
  };
}

function blackenBackground(photo: Picture, mask: Mask): Picture {
  const rgb = new Uint8Array(photo.rgb.length);
  for (let i = 0; i < mask.object.length; i++)
    if (mask.object[i]) for (let channel = 3 * i; channel < 3 * i + 3; channel++) rgb[channel] = photo.rgb[channel];
  return { ...photo, rgb };
}

/** Levels [height, width, 3] → CLIP's units [3, height, width]. */
function normalisePixels({ width, height, rgb }: Picture): Float32Array {
  const pixels = width * height;
  const normalised = new Float32Array(3 * pixels);
  for (let channel = 0; channel < 3; channel++)
    for (let i = 0; i < pixels; i++)
      normalised[channel * pixels + i] = (rgb[3 * i + channel] / 255 - CLIP_MEAN[channel]) / CLIP_DEVIATION[channel];
  return normalised;
}
