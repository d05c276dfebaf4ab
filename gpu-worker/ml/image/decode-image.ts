import sharp, { type Metadata, type Sharp } from 'sharp';
import { MAX_IMAGE_PIXELS } from '../../../shared/image-limits.ts';
import { decodeHeic } from './decode-heic.ts';
import { ImageError } from './image-error.ts';
import type { Picture, PictureSize } from './picture.ts';
import { sniffFormat } from './sniff-format.ts';

const DECODED_FORMATS = new Set(['JPEG', 'PNG', 'WebP', 'HEIC']);

/** Lets pass what phones get wrong without harm, such as stray bytes between markers; a truncated file is an error. */
const FAIL_ON = 'error';

export type DecodeOptions = {
  /** Width × height beyond which a file is refused from its header, before any pixel is decoded. */
  readonly maxPixels?: number;
};

/**
 * Decodes a photo: JPEG, PNG, WebP or HEIC, turned upright as the file says, converted to 8-bit sRGB from grey, palette, 16 bit, CMYK or an
 * embedded colour profile (HEIC's is not read), transparent parts laid on white. Of an animated PNG that is the still picture inside it.
 *
 * @throws ImageError `image_corrupt` for broken or truncated files, `image_unsupported` for other formats and animations, by name,
 * `image_too_large` beyond `maxPixels`.
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Picture> {
  return decodePicture(bytes, { subject: 'image', background: 'white' }, options);
}

type Purpose = {
  /** What errors speak of. */
  readonly subject: 'image' | 'mask';
  /** What transparent parts are laid on. */
  readonly background: 'white' | 'black';
};

/** decodeImage for any purpose; errors of a mask are `mask_corrupt`. */
export async function decodePicture(
  bytes: Uint8Array,
  { subject, background }: Purpose,
  { maxPixels = MAX_IMAGE_PIXELS }: DecodeOptions,
): Promise<Picture> {
  const format = sniffFormat(bytes);
  if (!format) throw corrupt(subject, new Error('no known signature'));
  if (!DECODED_FORMATS.has(format))
    throw new ImageError('image_unsupported', `expected the ${subject} as JPEG, PNG, WebP or HEIC, got ${format}`);
  const image =
    format === 'HEIC' ? await openHeic(bytes, maxPixels, subject) : await openBySharp(bytes, maxPixels, subject);
  try {
    const pixels = image.flatten({ background }).toColourspace('srgb').raw({ depth: 'uchar' });
    const { data, info } = await pixels.toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`expected 3 channels, got ${info.channels}`);
    const levels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { width: info.width, height: info.height, rgb: levels };
  } catch (cause) {
    throw corrupt(subject, cause);
  }
}

async function openBySharp(bytes: Uint8Array, maxPixels: number, subject: Purpose['subject']): Promise<Sharp> {
  const { width, height, pages = 1 } = await readHeader(bytes, subject);
  if (pages > 1)
    throw new ImageError('image_unsupported', `expected a still ${subject}, got an animation of ${pages} frames`);
  if (width * height > maxPixels) throw tooLarge(subject, maxPixels, { width, height });
  return sharp(bytes, { failOn: FAIL_ON, limitInputPixels: maxPixels }).autoOrient();
}

/** sharp has no HEIC: libheif decodes it, upright already. */
async function openHeic(bytes: Uint8Array, maxPixels: number, subject: Purpose['subject']): Promise<Sharp> {
  const reply = await decodeHeic({ bytes, maxPixels });
  if ('problem' in reply) throw corrupt(subject, new Error(reply.problem));
  if ('tooLarge' in reply) throw tooLarge(subject, maxPixels, reply.tooLarge);
  const { width, height, rgba } = reply;
  return sharp(rgba, { raw: { width, height, channels: 4 } });
}

async function readHeader(bytes: Uint8Array, subject: Purpose['subject']): Promise<Metadata> {
  try {
    return await sharp(bytes, { failOn: FAIL_ON, limitInputPixels: false }).metadata();
  } catch (cause) {
    throw corrupt(subject, cause);
  }
}

function tooLarge(subject: Purpose['subject'], maxPixels: number, { width, height }: PictureSize): ImageError {
  const message = `expected at most ${maxPixels} pixels in the ${subject}, got ${width}×${height}`;
  return new ImageError('image_too_large', message);
}

function corrupt(subject: Purpose['subject'], cause: unknown): ImageError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ImageError(`${subject}_corrupt`, `the ${subject} cannot be decoded: ${reason}`, { cause });
}
