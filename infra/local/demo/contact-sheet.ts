import sharp from 'sharp';

const TILE_PIXELS = 256;
const GAP_PIXELS = 8;
const BACKGROUND = 'white';

/** Pictures side by side, each fitted into a square tile; small ones are enlarged pixel by pixel. As PNG. */
export async function contactSheet(pictures: readonly Uint8Array[]): Promise<Uint8Array> {
  const tiles = await Promise.all(
    pictures.map(async (picture, index) => ({
      input: await sharp(picture)
        .autoOrient()
        .resize(TILE_PIXELS, TILE_PIXELS, { fit: 'contain', background: BACKGROUND, kernel: await kernelFor(picture) })
        .toColourspace('srgb')
        .png()
        .toBuffer(),
      left: GAP_PIXELS + index * (TILE_PIXELS + GAP_PIXELS),
      top: GAP_PIXELS,
    })),
  );
  const width = GAP_PIXELS + pictures.length * (TILE_PIXELS + GAP_PIXELS);
  const height = TILE_PIXELS + 2 * GAP_PIXELS;
  return sharp({ create: { width, height, channels: 3, background: BACKGROUND } })
    .composite(tiles)
    .png()
    .toBuffer();
}

async function kernelFor(picture: Uint8Array): Promise<'nearest' | 'lanczos3'> {
  const { width, height } = await sharp(picture).metadata();
  return Math.max(width, height) < TILE_PIXELS ? 'nearest' : 'lanczos3';
}
