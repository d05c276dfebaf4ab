import { CLIP_PIXELS, normalisePixels } from './normalise-pixels.ts';
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
  const normalise = (picture: Picture) => normalisePixels(resizeBicubic(picture, imageSize, imageSize), CLIP_PIXELS);
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
