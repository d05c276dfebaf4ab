import sharp, { type Metadata } from 'sharp';
import { MAX_IMAGE_PIXELS } from '../../../shared/image-limits.ts';
import { ImageError } from './image-error.ts';
import type { Picture } from './picture.ts';
import { sniffFormat } from './sniff-format.ts';

const DECODED_FORMATS = new Set(['JPEG', 'PNG', 'WebP']);

/** Lets pass what phones get wrong without harm, such as stray bytes between markers; a truncated file is an error. */
const FAIL_ON = 'error';

export type DecodeOptions = {
  /** Width × height beyond which a file is refused from its header, before any pixel is decoded. */
  readonly maxPixels?: number;
};

/**
 * Decodes a photo: JPEG, PNG or WebP, turned upright as its EXIF orientation says, converted to 8-bit sRGB from grey, palette, 16 bit,
 * CMYK or an embedded colour profile, transparent parts laid on white. Of an animated PNG that is the still picture inside it.
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
    throw new ImageError('image_unsupported', `expected the ${subject} as JPEG, PNG or WebP, got ${format}`);
  requireDecodable(await readHeader(bytes, subject), maxPixels, subject);
  try {
    const pixels = sharp(bytes, { failOn: FAIL_ON, limitInputPixels: maxPixels })
      .autoOrient()
      .flatten({ background })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' });
    const { data, info } = await pixels.toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`expected 3 channels, got ${info.channels}`);
    const levels = new Uint8Array(data.buffer, data.byteOffset, data.length);
    return { width: info.width, height: info.height, rgb: levels };
  } catch (cause) {
    throw corrupt(subject, cause);
  }
}

async function readHeader(bytes: Uint8Array, subject: Purpose['subject']): Promise<Metadata> {
  try {
    return await sharp(bytes, { failOn: FAIL_ON, limitInputPixels: false }).metadata();
  } catch (cause) {
    throw corrupt(subject, cause);
  }
}

function requireDecodable(
  { width, height, pages = 1 }: Metadata,
  maxPixels: number,
  subject: Purpose['subject'],
): void {
  if (pages > 1)
    throw new ImageError('image_unsupported', `expected a still ${subject}, got an animation of ${pages} frames`);
  if (width * height > maxPixels)
    throw new ImageError(
      'image_too_large',
      `expected at most ${maxPixels} pixels in the ${subject}, got ${width}×${height}`,
    );
}

function corrupt(subject: Purpose['subject'], cause: unknown): ImageError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ImageError(`${subject}_corrupt`, `the ${subject} cannot be decoded: ${reason}`, { cause });
}
