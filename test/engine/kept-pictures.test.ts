import sharp, { type Color } from 'sharp';
import { describe, expect, test } from 'vitest';
import { keepPictures } from '../../gpu-worker/engine/kept-pictures.ts';
import { decodeImage } from '../../gpu-worker/ml/image/decode-image.ts';
import { decodeMask } from '../../gpu-worker/ml/image/decode-mask.ts';

const plain = (width: number, height: number, background: Color) =>
  sharp({ create: { width, height, channels: 3, background } });

/** As a phone held upright writes it: the pixels lie on their side, red on the left, which is up. */
async function phonePhoto(): Promise<Buffer> {
  const left = await plain(10, 40, 'red').png().toBuffer();
  return plain(60, 40, 'blue')
    .composite([{ input: left, left: 0, top: 0 }])
    .withExif({ IFD0: { Artist: 'someone' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 30/1 0/1' } })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 100 })
    .toBuffer();
}

const pixel = async (picture: Uint8Array, left: number, top: number) =>
  [...(await sharp(picture).extract({ left, top, width: 1, height: 1 }).toColourspace('srgb').raw().toBuffer())].map(
    (level) => (level > 127 ? 1 : 0),
  );

describe('the kept photo', () => {
  test('is upright and carries no metadata', async () => {
    const upload = await phonePhoto();
    expect((await sharp(upload).metadata()).exif).toBeDefined();
    const { photo, mask } = await keepPictures(await decodeImage(upload), null);
    const { format, width, height, exif, icc, xmp, iptc, orientation } = await sharp(photo).metadata();
    expect({ format, width, height }).toEqual({ format: 'webp', width: 40, height: 60 });
    expect({ exif, icc, xmp, iptc, orientation }).toEqual({});
    expect(await pixel(photo, 20, 2)).toEqual([1, 0, 0]);
    expect(await pixel(photo, 20, 50)).toEqual([0, 0, 1]);
    expect(mask).toBe(null);
  });

  test('is at most 2048 pixels on a side, and never enlarged', async () => {
    const { photo } = await keepPictures(await decodeImage(await plain(4096, 1024, 'green').png().toBuffer()), null);
    expect(await sharp(photo).metadata()).toMatchObject({ width: 2048, height: 512 });
    const small = await keepPictures(await decodeImage(await plain(5, 7, 'green').png().toBuffer()), null);
    expect(await sharp(small.photo).metadata()).toMatchObject({ width: 5, height: 7 });
  });
});

describe('the kept mask', () => {
  test('has the size of the photo and is white where the upload is not black', async () => {
    const spot = await plain(1, 1, '#010000').png().toBuffer();
    const mask = await plain(2, 2, 'black')
      .composite([{ input: spot, left: 1, top: 0 }])
      .png()
      .toBuffer();
    const kept = await keepPictures(await decodeImage(await plain(20, 10, 'green').png().toBuffer()), decodeMask(mask));
    expect(await sharp(kept.mask ?? Buffer.alloc(0)).metadata()).toMatchObject({
      format: 'png',
      width: 20,
      height: 10,
    });
    expect(await pixel(kept.mask ?? Buffer.alloc(0), 15, 2)).toEqual([1, 1, 1]);
    expect(await pixel(kept.mask ?? Buffer.alloc(0), 5, 2)).toEqual([0, 0, 0]);
    expect(await pixel(kept.mask ?? Buffer.alloc(0), 15, 7)).toEqual([0, 0, 0]);
  });
});
