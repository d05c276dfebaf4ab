import { type DecodeOptions, decodePicture } from './decode-image.ts';
import { ImageError } from './image-error.ts';
import type { Mask } from './picture.ts';

/**
 * Decodes a mask, upright: whatever is not black is the object, as in the authors' code; transparent parts are black.
 *
 * @throws ImageError `mask_corrupt` for broken or truncated files, `mask_empty` when all of it is black, otherwise as decodeImage.
 */
export async function decodeMask(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Mask> {
  const { width, height, rgb } = await decodePicture(bytes, { subject: 'mask', background: 'black' }, options);
  const object = new Uint8Array(width * height);
  for (let i = 0; i < object.length; i++) object[i] = rgb[3 * i] || rgb[3 * i + 1] || rgb[3 * i + 2] ? 1 : 0;
  if (!object.includes(1))
    throw new ImageError('mask_empty', `expected white on the object, got ${width}×${height} black pixels`);
  return { width, height, object };
}
