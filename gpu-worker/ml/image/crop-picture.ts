import type { Picture } from './picture.ts';

export type CropBox = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

/** The part of a picture inside `box`, which lies inside the picture. */
export function cropPicture(picture: Picture, { left, top, width, height }: CropBox): Picture {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * picture.width + left) * 3;
    rgb.set(picture.rgb.subarray(start, start + width * 3), y * width * 3);
  }
  return { width, height, rgb };
}
