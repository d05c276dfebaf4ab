import sharp from 'sharp';
import type { Mask, Picture, PictureSize } from '../ml/image/picture.ts';
import { resizeMask } from '../ml/image/resize-mask.ts';

/** The networks see 224 pixels; this is for people to look at. */
const MAX_SIDE_PIXELS = 2048;

type KeptPictures = {
  /** WebP: upright, sRGB, of a bounded size, without the metadata that says where and by whom. */
  readonly photo: Uint8Array;
  /** PNG of the photo's size, white on the object. */
  readonly mask: Uint8Array | null;
};

/** What stays of an upload. */
export async function keepPictures(photo: Picture, mask: Mask | Promise<Mask> | null): Promise<KeptPictures> {
  const [{ data, info }, found] = await Promise.all([photoFile(photo), mask]);
  return { photo: data, mask: found && (await maskFile(found, info)) };
}

function photoFile({ rgb, width, height }: Picture) {
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize(MAX_SIDE_PIXELS, MAX_SIDE_PIXELS, { fit: 'inside', withoutEnlargement: true })
    .webp()
    .toBuffer({ resolveWithObject: true });
}

async function maskFile(mask: Mask, photo: PictureSize): Promise<Uint8Array> {
  const { width, height, object } = resizeMask(mask, photo.width, photo.height);
  const white = object.map((isObject) => 255 * isObject);
  return sharp(white, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
}
