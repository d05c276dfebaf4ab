import type { Mask } from './picture.ts';

/** Resizes a mask to the nearest pixel: row ⌊i · height / new height⌋, as `F.interpolate(mode='nearest')` does. */
export function resizeMask(mask: Mask, width: number, height: number): Mask {
  if (mask.width === width && mask.height === height) return mask;
  const object = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * mask.height) / height) * mask.width;
    for (let x = 0; x < width; x++) object[y * width + x] = mask.object[row + Math.floor((x * mask.width) / width)];
  }
  return { width, height, object };
}
