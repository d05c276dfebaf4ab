import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Picture } from '../../../gpu-worker/ml/image/picture.ts';
import { resizeBicubic } from '../../../gpu-worker/ml/image/resize-bicubic.ts';

/** SHA-256 of what Pillow 9.4.0 makes of the drawing below: `Image.fromarray(drawing).resize((to), Image.BICUBIC).tobytes()`. */
const PILLOW: readonly [fromWidth: number, fromHeight: number, toWidth: number, toHeight: number, sha256: string][] = [
  [4000, 3000, 224, 224, 'b05227febbed95835eb1304ccf9bd129fcfa92d5cc6c9aae3af456484d1f5729'],
  [3000, 4000, 224, 224, 'd16ddf0a2ad20fc9631e429dfa80209d59b67c9c43fce44b37e6b5483306de9b'],
  [412, 365, 224, 224, '16b784551083e9914a18f8e07b7a4bc1a5b4bc2e10523fdb36e4769ff9ddcd4e'],
  [223, 517, 56, 56, 'b7e566a4bed8f76613c78f13b25100e7733ddc563e27af6f5dea2e4c735a8b0e'],
  [1023, 7, 224, 224, '5a4aa9624f3d923fdf8ff7c6c3c1decd8b21e17acdb2662a885db1ecf9433f1e'],
  [7, 5, 224, 224, 'e9c06705923c4e5b96774d18150d85a38d81fa4daaa016604e471458e48ec7a5'],
  [1, 1, 56, 56, '4ca9e80e3902f8e279f91597c7cbd4583c19c7b88e6143ca0c113696b37f4c4c'],
  [224, 224, 224, 224, 'ee3a2bafca39f7f093921f852e18e0c449939f0bd53afe5c39ce34f0082b9fda'],
  [224, 300, 224, 224, 'd821902d9921624f41c36cdc5f38f9efab79089f5c1a4d7f9d022b5a73f32be3'],
  [300, 224, 224, 224, '77affc44f2beb0940ae90d659cbb8c2c2092c296f36e86436642618e706dec5f'],
  [2, 4096, 224, 56, 'adfba001b0dd90e0c2aaf5afa28e02095a52ea1cb04083d345ee59537b0cf6a4'],
];

/** Fine texture with edges everywhere and all levels in all channels. */
function draw(width: number, height: number): Picture {
  const rgb = new Uint8Array(width * height * 3);
  let i = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < 3; channel++)
        rgb[i++] = Math.floor((x * 7 + y * 13 + channel * 50 + ((x * y) ^ (x + 3 * y))) / 3);
  return { width, height, rgb };
}

it.each(PILLOW)(
  '%i×%i resized to %i×%i equals PIL level for level',
  (fromWidth, fromHeight, toWidth, toHeight, sha256) => {
    const { width, height, rgb } = resizeBicubic(draw(fromWidth, fromHeight), toWidth, toHeight);
    expect([width, height]).toEqual([toWidth, toHeight]);
    expect(createHash('sha256').update(rgb).digest('hex')).toBe(sha256);
  },
);

it('keeps a flat picture flat, at the ends of the range too', () => {
  for (const level of [0, 1, 127, 254, 255]) {
    const flat = { width: 37, height: 23, rgb: new Uint8Array(37 * 23 * 3).fill(level) };
    for (const size of [5, 23, 64]) expect(new Set(resizeBicubic(flat, size, size).rgb)).toEqual(new Set([level]));
  }
});
