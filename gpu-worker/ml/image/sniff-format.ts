type ImageFormat = 'JPEG' | 'PNG' | 'WebP' | 'GIF' | 'TIFF' | 'HEIC' | 'AVIF' | 'BMP';

/** ASCII signatures and where they stand; of two that match, the first counts. */
const SIGNATURES: readonly { format: ImageFormat; offset: number; bytes: string }[] = [
  { format: 'JPEG', offset: 0, bytes: '\xff\xd8\xff' },
  { format: 'PNG', offset: 0, bytes: '\x89PNG\r\n\x1a\n' },
  { format: 'WebP', offset: 8, bytes: 'WEBP' },
  { format: 'GIF', offset: 0, bytes: 'GIF8' },
  { format: 'TIFF', offset: 0, bytes: 'II*\0' },
  { format: 'TIFF', offset: 0, bytes: 'MM\0*' },
  { format: 'AVIF', offset: 4, bytes: 'ftypavif' },
  { format: 'HEIC', offset: 4, bytes: 'ftyp' },
  { format: 'BMP', offset: 0, bytes: 'BM' },
];

/** What kind of picture a file's first bytes say it is. */
export function sniffFormat(bytes: Uint8Array): ImageFormat | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 16)).toString('latin1');
  return SIGNATURES.find(({ offset, bytes: signature }) => start.startsWith(signature, offset))?.format;
}
