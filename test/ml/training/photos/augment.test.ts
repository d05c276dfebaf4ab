import { describe, expect, test } from 'vitest';
import { augmentObject, augmentPhoto, placePhoto } from '../../../../gpu-worker/ml/training/photos/augment.ts';
import { createRandom } from '../../../../gpu-worker/ml/training/random.ts';

/** A bright disc on a dark ground, and its mask. */
function discPhoto(size: number) {
  const object = Uint8Array.from({ length: size ** 2 }, (_, i) =>
    Math.hypot((i % size) - size / 2, Math.floor(i / size) - size / 2) < size / 3 ? 1 : 0,
  );
  const rgb = Uint8Array.from({ length: 3 * size ** 2 }, (_, i) => (object[Math.floor(i / 3)] ? 220 : 30));
  return { picture: { width: size, height: size, rgb }, mask: { width: size, height: size, object } };
}

const trials = Array.from({ length: 40 }, (_, index) => createRandom(1, index));

test('an augmented photo has the size that CLIP takes and still shows the same thing', () => {
  for (const random of trials) {
    const { width, height, rgb } = augmentPhoto(discPhoto(60).picture, 32, random);
    expect([width, height]).toEqual([32, 32]);
    expect(rgb[3 * (16 * 32 + 16)]).toBeGreaterThan(200);
  }
});

test('object and mask stay on each other', () => {
  const { picture, mask } = discPhoto(60);
  for (const random of trials) {
    const augmented = augmentObject(picture, mask, 32, random);
    const bright = [...augmented.mask.object.keys()].filter((i) => augmented.picture.rgb[3 * i] > 125);
    const onObject = bright.filter((i) => augmented.mask.object[i] === 1);
    expect(onObject.length / bright.length).toBeGreaterThan(0.9);
  }
});

describe('a placed photo', () => {
  const placed = trials.map((random) => placePhoto(discPhoto(60), 64, random));

  test('fills its frame, and is small, whole or cut, as its opening says', () => {
    expect(new Set(placed.map(({ opening }) => opening))).toEqual(
      new Set(['a', 'a far away', 'very small', 'zoomed in', 'close up']),
    );
    for (const { picture, mask, opening } of placed) {
      expect(picture.rgb).toHaveLength(3 * 64 ** 2);
      const share = mask.object.reduce((sum, value) => sum + value, 0) / 64 ** 2;
      if (opening === 'a') expect(share).toBeCloseTo(Math.PI / 9, 1);
      else if (opening === 'a far away' || opening === 'very small') expect(share).toBeLessThan(0.14);
      else expect(share).toBeGreaterThan(0.4);
    }
  });

  test('counts nothing but its object', () => {
    for (const { picture, mask } of placed) {
      const dark = [...mask.object.keys()].filter((i) => mask.object[i] === 1 && picture.rgb[3 * i] < 60);
      expect(dark.length).toBeLessThan(20);
    }
  });
});
