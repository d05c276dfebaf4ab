import type { Mask, Picture } from '../../image/picture.ts';
import { resizeBicubic } from '../../image/resize-bicubic.ts';
import { resizeMask } from '../../image/resize-mask.ts';
import type { Random } from '../random.ts';
import { type Box, cropPhoto, type ObjectPhoto } from './photo-source.ts';
import { rotation, warpMask, warpPicture } from './warp.ts';

/**
 * The photo as the global mapping sees it, so that it does not learn to copy: at CLIP's size, flipped half of the time, turned by up to 20° half
 * of the time, blurred three times in ten. (The authors' elastic transform moves no pixel by more than a hundredth of one and is left out.)
 */
export function augmentPhoto(picture: Picture, sizePx: number, random: Random): Picture {
  let photo = resizeBicubic(picture, sizePx, sizePx);
  if (random.chance(0.5)) photo = warpPicture(photo, (x, y) => [sizePx - 1 - x, y], 'mirror');
  if (random.chance(0.5)) photo = warpPicture(photo, rotation(photo, random.uniform(-20, 20)), 'mirror');
  if (random.chance(0.3)) photo = boxBlur(photo, random.pick([3, 5, 7]));
  return photo;
}

/**
 * Object and mask as the local mapping sees them, at CLIP's size: each half of the time cut a little smaller, turned by up to 30°, moved by up to
 * a quarter. What comes in from outside is black.
 */
export function augmentObject(
  picture: Picture,
  mask: Mask,
  sizePx: number,
  random: Random,
): { picture: Picture; mask: Mask } {
  const larger = random.chance(0.5) ? sizePx + random.integer(Math.floor(sizePx / 7) + 1) : sizePx;
  const [left, top] = [random.integer(larger - sizePx + 1), random.integer(larger - sizePx + 1)];
  const box: Box = { left, top, right: left + sizePx, bottom: top + sizePx };
  const resized = { picture: resizeBicubic(picture, larger, larger), mask: resizeMask(mask, larger, larger) };
  const cut = cropPhoto(resized, box) as { picture: Picture; mask: Mask };
  const degrees = random.chance(0.5) ? random.uniform(-30, 30) : 0;
  const most = random.chance(0.5) ? sizePx * 0.27 : 0;
  const shift = { x: random.uniform(-most, most), y: random.uniform(-most, most) };
  const source = rotation(cut.picture, degrees, shift);
  return { picture: warpPicture(cut.picture, source, 'black'), mask: warpMask(cut.mask, source) };
}

/** A photo as a target: where it stands in its frame, and the words for that. */
export type PlacedPhoto = {
  picture: Picture;
  /** Where in the frame the photo and, where it has a mask, its object is. */
  mask: Mask;
  /** Replaces the article at the start of the prompt: “a”, “very small”, “close up” … */
  opening: string;
};

/**
 * Places a photo in a square frame, as Custom Diffusion and the authors do: two times in three at a third of the frame up to all of it,
 * otherwise 1.2 to 1.4 times as large and cut. The prompt says so, and what lies around a small one does not count.
 */
export function placePhoto({ picture, mask }: ObjectPhoto, sizePx: number, random: Random): PlacedPhoto {
  const scale = random.integer(3) < 2 ? random.uniform(1 / 3, 1) : random.uniform(1.2, 1.4);
  const side = scale > 0.6 && scale <= 1 ? sizePx : 2 * Math.round((scale * sizePx) / 2);
  const whole: Mask = mask ?? { width: side, height: side, object: new Uint8Array(side ** 2).fill(1) };
  const resized = { picture: resizeBicubic(picture, side, side), mask: resizeMask(whole, side, side) };
  const spare = Math.abs(side - sizePx);
  const [left, top] = [random.integer(spare + 1), random.integer(spare + 1)];
  if (side > sizePx) {
    const cut = cropPhoto(resized, { left, top, right: left + sizePx, bottom: top + sizePx });
    return { picture: cut.picture, mask: cut.mask!, opening: random.pick(['zoomed in', 'close up']) };
  }
  if (side === sizePx) return { ...resized, opening: 'a' };
  const frame = {
    picture: greyPicture(sizePx),
    mask: { width: sizePx, height: sizePx, object: new Uint8Array(sizePx ** 2) },
  };
  for (let y = 0; y < side; y++) {
    const at = (top + y) * sizePx + left;
    frame.picture.rgb.set(resized.picture.rgb.subarray(3 * y * side, 3 * (y + 1) * side), 3 * at);
    frame.mask.object.set(resized.mask.object.subarray(y * side, (y + 1) * side), at);
  }
  return { ...frame, opening: random.pick(['a far away', 'very small']) };
}

/** The middle of the VAE's range. */
function greyPicture(sizePx: number): Picture {
  return { width: sizePx, height: sizePx, rgb: new Uint8Array(3 * sizePx ** 2).fill(128) };
}

/** The mean over a square, mirrored at the edges. */
function boxBlur(picture: Picture, side: number): Picture {
  const half = (side - 1) / 2;
  const offsets = Array.from({ length: side }, (_, i) => i - half);
  const along = (dx: number, dy: number) => (input: Picture) => {
    const sums = new Float32Array(input.rgb.length);
    for (const offset of offsets) {
      const moved = warpPicture(input, (x, y) => [x + dx * offset, y + dy * offset], 'mirror');
      for (let i = 0; i < sums.length; i++) sums[i] += moved.rgb[i] / side;
    }
    return { ...input, rgb: Uint8Array.from(sums, Math.round) };
  };
  return along(0, 1)(along(1, 0)(picture));
}
