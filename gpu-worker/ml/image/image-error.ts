import type { ErrorCode } from '../../../shared/error-codes.ts';

type ImageErrorCode = Extract<
  ErrorCode,
  'image_corrupt' | 'image_unsupported' | 'image_too_large' | 'mask_corrupt' | 'mask_empty' | 'segmentation_unavailable'
>;

/** A photo or mask that cannot be used; the code is what the client is told. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly code: ImageErrorCode;

  constructor(code: ImageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
