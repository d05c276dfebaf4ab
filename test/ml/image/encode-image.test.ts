import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../../gpu-worker/ml/image/decode-image.ts';
import { encodeImage } from '../../../gpu-worker/ml/image/encode-image.ts';

const picture = {
  width: 32,
  height: 24,
  rgb: Uint8Array.from({ length: 32 * 24 * 3 }, (_, i) => (i * 5 + (i % 3) * 40) % 256),
};

describe('encodeImage', () => {
  it('as PNG keeps every level', async () => {
    const decoded = await decodeImage(await encodeImage(picture, 'png'));
    expect(decoded).toEqual(picture);
  });

  it.each(['png', 'webp', 'jpeg'] as const)(
    'writes %s of the right size, the same bytes every time',
    async (encoding) => {
      const bytes = await encodeImage(picture, encoding);
      const { format, width, height } = await sharp(bytes).metadata();
      expect({ format, width, height }).toEqual({ format: encoding, width: 32, height: 24 });
      expect(await encodeImage(picture, encoding)).toEqual(bytes);
    },
  );

  it('puts text into PNG that other programs read', async () => {
    const text = { Description: 'a café in the 雪, S*\nsecond line', seed: '42', 'AI-generated': 'true' };
    const { comments } = await sharp(await encodeImage(picture, 'png', text)).metadata();
    expect(Object.fromEntries(comments!.map(({ keyword, text }) => [keyword, text]))).toEqual(text);
  });

  it('leaves the picture readable whatever the text', async () => {
    const bytes = await encodeImage(picture, 'png', { prompt: 'a\0b', empty: '' });
    const { width } = await decodeImage(bytes);
    expect(width).toBe(32);
    const { comments } = await sharp(bytes).metadata();
    expect(comments).toContainEqual({ keyword: 'prompt', text: 'a\u{fffd}b' });
  });

  it.each(['', ' seed', 'a  b', 'naïve', 'x'.repeat(80), 'a\0b'])('refuses the keyword "%s"', async (keyword) => {
    await expect(encodeImage(picture, 'png', { [keyword]: 'x' })).rejects.toThrow(RangeError);
  });
});
