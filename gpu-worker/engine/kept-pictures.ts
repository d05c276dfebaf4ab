import sharp from 'sharp';
import { MAX_IMAGE_PIXELS } from '../../shared/image-limits.ts';
import { decodeMask } from '../ml/image/decode-mask.ts';
import { resizeMask } from '../ml/image/resize-mask.ts';

/** The networks see 224 pixels; this is for people to look at. */
const MAX_SIDE_PIXELS = 2048;

type KeptPictures = {
  /** WebP: upright, sRGB, of a bounded size, without the metadata that says where and by whom. */
  readonly photo: Uint8Array;
  /** PNG of the photo's size: white where the upload is anything but black. */
  readonly mask: Uint8Array | null;
};

/** What stays of an upload. */
export async function keepPictures(photo: Uint8Array, mask: Uint8Array | null): Promise<KeptPictures> {
  const { data, info } = await sharp(photo)
    .autoOrient()
    .resize(MAX_SIDE_PIXELS, MAX_SIDE_PIXELS, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .webp()
    .toBuffer({ resolveWithObject: true });
  return { photo: data, mask: mask && (await maskFile(mask, info)) };
}

async function maskFile(mask: Uint8Array, photo: { width: number; height: number }): Promise<Uint8Array> {
  const decoded = await decodeMask(mask, { maxPixels: MAX_IMAGE_PIXELS });
  const { width, height, object } = resizeMask(decoded, photo.width, photo.height);
  const white = object.map((isObject) => 255 * isObject);
  return sharp(white, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
}
