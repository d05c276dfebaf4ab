import { imageSize } from 'image-size';
import { MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS } from '../../shared/image-limits.ts';
import { ApiError } from '../errors.ts';

/** What phones send, by the first bytes read as Latin-1. HEIC is told from other ISO media by its brand. */
const SIGNATURES = [
  ['image/jpeg', (start: string) => start.startsWith('\xff\xd8\xff')],
  ['image/png', (start: string) => start.startsWith('\x89PNG\r\n\x1a\n')],
  ['image/webp', (start: string) => start.startsWith('RIFF') && start.slice(8) === 'WEBP'],
  ['image/heic', (start: string) => /^ftyp(?:heic|heix|hevc|heim|heis|mif1|msf1)$/.test(start.slice(4))],
] as const;

const LONGEST_SIGNATURE_BYTES = 12;

export const IMAGE_CONTENT_TYPES = SIGNATURES.map(([contentType]) => contentType);

export type ImageContentType = (typeof SIGNATURES)[number][0];

function contentTypeOf(bytes: Uint8Array): ImageContentType | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, LONGEST_SIGNATURE_BYTES));
  return SIGNATURES.find(([, matches]) => matches(start))?.[0];
}

/** Judges an uploaded picture by its header alone; pixels are the worker's business. Throws the API's answer. */
export function checkImageHeader(bytes: Uint8Array, field: 'image' | 'mask'): ImageContentType {
  if (bytes.length > MAX_IMAGE_BYTES) {
    throw new ApiError(
      'payload_too_large',
      `Expected ${field} to be at most ${MAX_IMAGE_BYTES} bytes, got ${bytes.length}.`,
      { errors: [{ pointer: `#/${field}`, message: `must be at most ${MAX_IMAGE_BYTES} bytes` }] },
    );
  }
  const contentType = contentTypeOf(bytes);
  if (!contentType) {
    throw new ApiError(
      'unsupported_media_type',
      `Expected ${field} to be JPEG, PNG, WebP or HEIC, got bytes of another kind.`,
      { errors: [{ pointer: `#/${field}`, message: 'must be JPEG, PNG, WebP or HEIC' }] },
    );
  }
  const { width, height } = sizeOf(bytes, field);
  if (width * height > MAX_IMAGE_PIXELS) {
    throw new ApiError(
      'image_too_large',
      `Expected ${field} to have at most ${MAX_IMAGE_PIXELS} pixels, got ${width}×${height}.`,
      {
        errors: [{ pointer: `#/${field}`, message: 'has too many pixels' }],
      },
    );
  }
  return contentType;
}

function sizeOf(bytes: Uint8Array, field: string): { width: number; height: number } {
  try {
    const { width, height } = imageSize(bytes);
    if (width > 0 && height > 0) {
      return { width, height };
    }
  } catch {
    // Answered below, like a size of nothing.
  }
  throw new ApiError(
    'image_corrupt',
    `Expected ${field} to say its width and height in a whole header, got a damaged one.`,
    {
      errors: [{ pointer: `#/${field}`, message: 'has a damaged header' }],
    },
  );
}
