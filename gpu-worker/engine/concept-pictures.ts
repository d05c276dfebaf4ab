import sharp from 'sharp';

/** The networks see 224 pixels; this is for people to look at. */
const MAX_SIDE_PIXELS = 2048;

/** What stays of an upload: upright, sRGB, of a bounded size, without the metadata that says where and by whom. */
export async function photoFile(upload: Uint8Array): Promise<{ bytes: Uint8Array; width: number; height: number }> {
  const { data, info } = await sharp(upload)
    .autoOrient()
    .resize(MAX_SIDE_PIXELS, MAX_SIDE_PIXELS, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .webp()
    .toBuffer({ resolveWithObject: true });
  return { bytes: data, width: info.width, height: info.height };
}

/** The mask as it counted: white where the upload is anything but black, fitted to the photo. */
export async function maskFile(upload: Uint8Array, photo: { width: number; height: number }): Promise<Uint8Array> {
  return sharp(upload)
    .autoOrient()
    .flatten({ background: 'black' })
    .toColourspace('b-w')
    .threshold(1)
    .resize(photo.width, photo.height, { fit: 'fill', kernel: 'nearest' })
    .png()
    .toBuffer();
}
