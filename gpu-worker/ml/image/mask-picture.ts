import type { Mask, Picture } from './picture.ts';

/** A mask to look at: white on the object, black elsewhere. */
export function maskPicture({ width, height, object }: Mask): Picture {
  return {
    width,
    height,
    rgb: Uint8Array.from({ length: object.length * 3 }, (_, i) => (object[Math.floor(i / 3)] ? 255 : 0)),
  };
}
