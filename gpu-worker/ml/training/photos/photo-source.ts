import type { Mask, Picture } from '../../image/picture.ts';
import type { Random } from '../random.ts';

/** A photo cut to its object, and the object's mask in it where one is known. */
export type ObjectPhoto = { readonly picture: Picture; readonly mask: Mask | null };

/** Photos to train on. */
export type PhotoSource = {
  readonly count: number;
  /** Photo `index`; `random` sets how closely it is cut. */
  read(index: number, random: Random): Promise<ObjectPhoto>;
};

/** A box in pixels; `right` and `bottom` are just outside. */
export type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/** The box with a margin, as far as the picture goes. */
export function padBox(box: Box, margin: number, { width, height }: Pick<Picture, 'width' | 'height'>): Box {
  return {
    left: Math.max(0, Math.floor(box.left - margin)),
    top: Math.max(0, Math.floor(box.top - margin)),
    right: Math.min(width, Math.ceil(box.right + margin)),
    bottom: Math.min(height, Math.ceil(box.bottom + margin)),
  };
}

/** The smallest box around a mask's object; null where it has none. */
export function boxOfMask({ width, height, object }: Mask): Box | null {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (object[y * width + x] === 0) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
  }
  return right === 0 ? null : { left, top, right, bottom };
}

/** The part of a photo inside a box. */
export function cropPhoto({ picture, mask }: ObjectPhoto, box: Box): ObjectPhoto {
  const [width, height] = [box.right - box.left, box.bottom - box.top];
  const rgb = cropRows(picture.rgb, picture.width, 3, box);
  return {
    picture: { width, height, rgb },
    mask: mask && { width, height, object: cropRows(mask.object, mask.width, 1, box) },
  };
}

function cropRows(data: Uint8Array, width: number, channels: number, { left, top, right, bottom }: Box): Uint8Array {
  const rowLength = (right - left) * channels;
  const cropped = new Uint8Array(rowLength * (bottom - top));
  for (let y = top; y < bottom; y++) {
    const from = (y * width + left) * channels;
    cropped.set(data.subarray(from, from + rowLength), (y - top) * rowLength);
  }
  return cropped;
}
