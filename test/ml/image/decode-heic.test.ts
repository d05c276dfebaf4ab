import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../gpu-worker/ml/image/decode-image.ts';
import { ImageError } from '../../../gpu-worker/ml/image/image-error.ts';
import type { Picture } from '../../../gpu-worker/ml/image/picture.ts';
import { referenceDir } from '../../parity/reference.ts';

/** The reference's creature at 96×84, written by Debian's heif-enc; the turned one says that it is to be shown turned a quarter clockwise. */
const file = (name: string) => readFileSync(new URL(`../../fixtures/pictures/${name}.heic`, import.meta.url));

async function original(turnDegrees: number): Promise<Uint8Array> {
  const small = sharp(`${referenceDir}/pictures/creature.png`).resize(96, 84, { fit: 'fill' });
  return sharp(await small.png().toBuffer())
    .rotate(turnDegrees)
    .removeAlpha()
    .raw()
    .toBuffer();
}

function meanDifference({ rgb }: Picture, expected: Uint8Array): number {
  return rgb.reduce((sum, level, i) => sum + Math.abs(level - expected[i]), 0) / rgb.length;
}

describe('HEIC, as phones send it', () => {
  it.each([
    ['creature', 96, 84, 0],
    ['creature-turned', 84, 96, 90],
  ])('%s is decoded upright', async (name, width, height, turnDegrees) => {
    const picture = await decodeImage(file(name));
    expect([picture.width, picture.height]).toEqual([width, height]);
    expect(meanDifference(picture, await original(turnDegrees))).toBeLessThan(6); // levels: HEIC is lossy
  });

  it('beyond the limit is refused before its pixels are decoded', async () => {
    await expect(decodeImage(file('creature'), { maxPixels: 96 * 84 - 1 })).rejects.toMatchObject({
      code: 'image_too_large',
      message: 'expected at most 8063 pixels in the image, got 96×84',
    });
  });

  it('that is cut short or has no picture is refused by name', async () => {
    const whole = file('creature');
    for (const broken of [whole.subarray(0, 200), Buffer.from('\0\0\0\x18ftypheic\0\0\0\0', 'latin1')]) {
      await expect(decodeImage(broken)).rejects.toMatchObject({ code: 'image_corrupt' });
    }
  });

  it('with damaged bytes is decoded or refused, and never ends the process', async () => {
    const whole = file('creature');
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const bytes = Buffer.from(whole);
        for (const [index, value] of changes) if (index > 11) bytes[index] = value;
        const outcome = await decodeImage(bytes).catch((error: unknown) => error);
        expect(outcome instanceof ImageError || (outcome as Picture).rgb.length > 0).toBe(true);
      }),
      { numRuns: 12 },
    );
  });
});
