import libheif from 'libheif-js/wasm-bundle.js';
import type { PictureSize } from './picture.ts';

export type HeicRequest = { readonly bytes: Uint8Array; readonly maxPixels: number };

/** The upright picture [height, width, 4], or why there is none. */
export type HeicReply =
  | (PictureSize & { readonly rgba: Uint8ClampedArray<ArrayBuffer> })
  | { readonly problem: string }
  | { readonly tooLarge: PictureSize };

/** Decodes the primary picture of a HEIC file. libheif applies the rotation and mirroring that the file asks for. */
export async function heicReply(bytes: Uint8Array, maxPixels: number): Promise<HeicReply> {
  const images = new libheif.HeifDecoder().decode(bytes);
  const image = images.find((candidate) => candidate.is_primary()) ?? images[0];
  if (!image) return { problem: 'libheif finds no picture in it' };
  const size = { width: image.get_width(), height: image.get_height() };
  if (size.width * size.height > maxPixels) return { tooLarge: size };
  const target = { ...size, data: new Uint8ClampedArray(size.width * size.height * 4) };
  return new Promise((resolve) => {
    image.display(target, (decoded) =>
      resolve(decoded ? { ...size, rgba: target.data } : { problem: 'libheif cannot decode it' }),
    );
  });
}
