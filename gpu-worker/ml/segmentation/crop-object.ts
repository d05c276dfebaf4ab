import { type CropBox, cropPicture } from '../image/crop-picture.ts';
import type { Mask, Picture } from '../image/picture.ts';

/** Room around the object, as a part of its longer side: all of it in sight, and little else. */
const MARGIN = 0.1;

/**
 * A photo and its mask cut to a square with the object in the middle, as the authors ask of their users. At the photo's edges the square
 * moves inside, and where the photo is too small for it, as much stays as there is.
 */
export function cropObject(photo: Picture, mask: Mask): { photo: Picture; mask: Mask } {
  const box = squareAround(objectBox(mask), photo);
  return { photo: cropPicture(photo, box), mask: cropMask(mask, box) };
}

/** The smallest box with all of the object in it. */
function objectBox({ width, height, object }: Mask): CropBox {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!object[y * width + x]) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  }
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

function squareAround(box: CropBox, photo: Picture): CropBox {
  const side = Math.ceil(Math.max(box.width, box.height) * (1 + 2 * MARGIN));
  const [left, width] = centre(box.left + box.width / 2, side, photo.width);
  const [top, height] = centre(box.top + box.height / 2, side, photo.height);
  return { left, top, width, height };
}

/** Start and length of a stretch around `middle` inside 0…limit. */
function centre(middle: number, length: number, limit: number): [start: number, length: number] {
  if (length >= limit) return [0, limit];
  return [Math.round(Math.min(limit - length, Math.max(0, middle - length / 2))), length];
}

function cropMask({ width, object }: Mask, box: CropBox): Mask {
  const cropped = new Uint8Array(box.width * box.height);
  for (let y = 0; y < box.height; y++) {
    const start = (box.top + y) * width + box.left;
    cropped.set(object.subarray(start, start + box.width), y * box.width);
  }
  return { width: box.width, height: box.height, object: cropped };
}
