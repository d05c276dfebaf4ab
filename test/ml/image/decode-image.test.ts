import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../gpu-worker/ml/image/decode-image.ts';
import { decodeMask } from '../../../gpu-worker/ml/image/decode-mask.ts';
import { ImageError } from '../../../gpu-worker/ml/image/image-error.ts';
import { reference, referenceDir } from '../../parity/reference.ts';

const photo = readFileSync(join(referenceDir, 'pictures', `${reference.pictures_order[0]}.png`));

/** A picture of one colour. */
function flat(red: number, green: number, blue: number, alpha?: number) {
  const background = { r: red, g: green, b: blue, ...(alpha === undefined ? {} : { alpha }) };
  return sharp({ create: { width: 16, height: 16, channels: alpha === undefined ? 3 : 4, background } });
}

async function firstPixel(bytes: Uint8Array): Promise<number[]> {
  const { rgb } = await decodeImage(bytes);
  return [...rgb.subarray(0, 3)];
}

async function failure(decoding: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await decoding.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof ImageError)) throw new Error(`expected an ImageError, got ${error}`);
  return { code: error.code, message: error.message };
}

describe('decodeImage', () => {
  it.each(['jpeg', 'png', 'webp'] as const)('reads %s', async (format) => {
    const { width, height, rgb } = await decodeImage(await flat(200, 30, 40).toFormat(format).toBuffer());
    expect([width, height, rgb.length]).toEqual([16, 16, 16 * 16 * 3]);
    for (const [channel, level] of [200, 30, 40].entries())
      expect(Math.abs(rgb[channel] - level)).toBeLessThanOrEqual(3);
  });

  it('turns a photo upright by each of the eight EXIF orientations', async () => {
    // red and green above blue and white, stored as each orientation stores it
    const corners = { red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255], white: [255, 255, 255] };
    const stored: Record<number, (keyof typeof corners)[]> = {
      1: ['red', 'green', 'blue', 'white'],
      2: ['green', 'red', 'white', 'blue'],
      3: ['white', 'blue', 'green', 'red'],
      4: ['blue', 'white', 'red', 'green'],
      5: ['red', 'blue', 'green', 'white'],
      6: ['green', 'white', 'red', 'blue'],
      7: ['white', 'green', 'blue', 'red'],
      8: ['blue', 'red', 'white', 'green'],
    };
    for (const [orientation, pixels] of Object.entries(stored)) {
      const raw = Uint8Array.from(pixels.flatMap((colour) => corners[colour]));
      const image = sharp(raw, { raw: { width: 2, height: 2, channels: 3 } });
      const bytes = await image
        .withMetadata({ orientation: Number(orientation) })
        .png()
        .toBuffer();
      const { rgb } = await decodeImage(bytes);
      expect([...rgb], `orientation ${orientation}`).toEqual(Object.values(corners).flat());
    }
  });

  it('lays transparent parts on white', async () => {
    expect(await firstPixel(await flat(200, 30, 40, 0).png().toBuffer())).toEqual([255, 255, 255]);
    const [red, green, blue] = await firstPixel(await flat(0, 0, 0, 0.5).png().toBuffer());
    expect(new Set([red, green, blue]).size).toBe(1);
    expect(Math.abs(red - 127)).toBeLessThanOrEqual(1);
  });

  it('takes the upper eight of sixteen bits, with and without transparency', async () => {
    const deep = sharp(Uint16Array.of(0xab12, 0x00ff, 0xfffe), { raw: { width: 1, height: 1, channels: 3 } });
    expect(await firstPixel(await deep.toColourspace('rgb16').png().toBuffer())).toEqual([0xab, 0x00, 0xff]);
    const clear = sharp(Uint16Array.of(9, 9, 9, 0), { raw: { width: 1, height: 1, channels: 4 } });
    expect(await firstPixel(await clear.toColourspace('rgb16').png().toBuffer())).toEqual([255, 255, 255]);
  });

  it('spreads grey over three channels, of 8 and 16 bits and from a palette', async () => {
    const grey = flat(90, 90, 90).toColourspace('b-w');
    expect(await firstPixel(await grey.clone().png().toBuffer())).toEqual([90, 90, 90]);
    expect(await firstPixel(await grey.clone().png({ palette: true }).toBuffer())).toEqual([90, 90, 90]);
    expect(await firstPixel(await flat(90, 90, 90).toColourspace('grey16').png().toBuffer())).toEqual([90, 90, 90]);
  });

  it('converts CMYK to colours that look alike', async () => {
    const cmyk = await flat(200, 30, 40).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    const [red, green, blue] = await firstPixel(cmyk);
    expect(Math.max(Math.abs(red - 200), Math.abs(green - 30), Math.abs(blue - 40))).toBeLessThan(30);
  });

  it('leaves a photo that says it is sRGB as it is', async () => {
    const tagged = await sharp(photo).withIccProfile('srgb').png().toBuffer();
    expect((await decodeImage(tagged)).rgb).toEqual((await decodeImage(photo)).rgb);
  });

  it('shows the colours that an embedded profile means', async () => {
    const wide = await flat(200, 30, 40).withIccProfile('p3').png().toBuffer();
    const stored = await sharp(wide, { ignoreIcc: true }).raw().toBuffer();
    expect([...stored.subarray(0, 3)]).not.toEqual([200, 30, 40]);
    for (const [channel, level] of (await firstPixel(wide)).entries())
      expect(Math.abs(level - [200, 30, 40][channel])).toBeLessThanOrEqual(2);
  });

  it.each(['jpeg', 'png', 'webp'] as const)('refuses a truncated %s', async (format) => {
    const whole = await sharp(photo).toFormat(format).toBuffer();
    for (const share of [0.99, 0.5, 0.01]) {
      const { code } = await failure(decodeImage(whole.subarray(0, Math.floor(whole.length * share))));
      expect(code).toBe('image_corrupt');
    }
  });

  it('refuses too many pixels from the header alone', async () => {
    const bomb = pngHeader(10_000, 6_000); // has no pixels to decode
    const { code, message } = await failure(decodeImage(bomb));
    expect(code).toBe('image_too_large');
    expect(message).toContain('got 10000×6000');
    expect((await failure(decodeImage(pngHeader(100, 100)))).code).toBe('image_corrupt');
  });

  it('refuses animations, saying so', async () => {
    const frames = await sharp([photo, await sharp(photo).negate().png().toBuffer()], { join: { animated: true } })
      .webp()
      .toBuffer();
    const { code, message } = await failure(decodeImage(frames));
    expect(code).toBe('image_unsupported');
    expect(message).toContain('animation of 2 frames');
  });

  it.each([
    ['GIF', () => flat(1, 2, 3).gif().toBuffer()],
    ['TIFF', () => flat(1, 2, 3).tiff().toBuffer()],
    ['AVIF', () => flat(1, 2, 3).avif({ effort: 0 }).toBuffer()],
  ])('refuses %s by name', async (name, write) => {
    const { code, message } = await failure(decodeImage(await write()));
    expect(code).toBe('image_unsupported');
    expect(message).toContain(`got ${name}`);
  });

  it('refuses what is no picture, a drawing in SVG too', async () => {
    for (const bytes of ['', 'hello', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', '%PDF-1.7'])
      expect((await failure(decodeImage(Buffer.from(bytes)))).code).toBe('image_corrupt');
  });

  it('answers damaged files with a picture or an ImageError', async () => {
    const sound = await Promise.all(
      (['jpeg', 'png', 'webp'] as const).map((format) => flat(9, 99, 199).toFormat(format).toBuffer()),
    );
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
    const check = fc.asyncProperty(fc.constantFrom(...sound), damage, async (file, edits) => {
      const bytes = Buffer.from(file);
      for (const [at, byte] of edits) bytes[at % bytes.length] = byte;
      await decodeImage(bytes, { maxPixels: 10_000 }).catch((error) => expect(error).toBeInstanceOf(ImageError));
    });
    await fc.assert(check, { numRuns: 100 });
  });
});

describe('decodeMask', () => {
  const mask = (levels: readonly number[]) =>
    sharp(Uint8Array.from(levels), { raw: { width: levels.length, height: 1, channels: 1 } });

  it('takes all that is not black for the object', async () => {
    expect([...(await decodeMask(await mask([0, 1, 128, 255]).png().toBuffer())).object]).toEqual([0, 1, 1, 1]);
  });

  it('takes transparent parts for background', async () => {
    const cutOut = await sharp(Uint8Array.of(255, 255, 255, 0, 255, 255, 255, 255), {
      raw: { width: 2, height: 1, channels: 4 },
    })
      .png()
      .toBuffer();
    expect([...(await decodeMask(cutOut)).object]).toEqual([0, 1]);
  });

  it('is turned upright like its photo', async () => {
    const bytes = await mask([255, 0]).withMetadata({ orientation: 6 }).png().toBuffer();
    expect(await decodeMask(bytes)).toEqual({ width: 1, height: 2, object: Uint8Array.of(1, 0) });
  });

  it('refuses an all-black one, and a broken one, with codes of their own', async () => {
    expect((await failure(decodeMask(await mask([0, 0, 0]).png().toBuffer()))).code).toBe('mask_empty');
    expect((await failure(decodeMask(photo.subarray(0, 1000)))).code).toBe('mask_corrupt');
    expect((await failure(decodeMask(Buffer.from('no')))).code).toBe('mask_corrupt');
  });
});

/** A PNG that ends behind its header. */
function pngHeader(width: number, height: number): Buffer {
  const header = Buffer.alloc(25);
  header.writeUInt32BE(13, 0);
  header.write('IHDR', 4, 'latin1');
  header.writeUInt32BE(width, 8);
  header.writeUInt32BE(height, 12);
  header.set([8, 2, 0, 0, 0], 16);
  header.writeUInt32BE(crc32(header.subarray(4, 21)), 21);
  const data = Buffer.from('\0\0\0\0IDAT\x35\xaf\x06\x1e', 'latin1'); // empty
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), header, data]);
}
