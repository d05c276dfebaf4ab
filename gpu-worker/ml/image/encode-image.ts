import sharp from 'sharp';
import type { Picture } from './picture.ts';
import { insertPngText } from './png-text.ts';

export type ImageEncoding = 'png' | 'webp' | 'jpeg';

/** High enough that a picture does not show which lossy format it went through. */
const QUALITY = 92;

/**
 * Encodes a picture. It carries no metadata but `text`, keyword by keyword, which only PNG has a place for.
 *
 * @throws RangeError for a keyword that PNG does not allow
 */
export async function encodeImage(
  { width, height, rgb }: Picture,
  encoding: ImageEncoding,
  text: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
  const image = sharp(rgb, { raw: { width, height, channels: 3 } });
  if (encoding === 'jpeg') return image.jpeg({ quality: QUALITY, chromaSubsampling: '4:4:4' }).toBuffer();
  if (encoding === 'webp') return image.webp({ quality: QUALITY }).toBuffer();
  return insertPngText(await image.png().toBuffer(), text);
}
