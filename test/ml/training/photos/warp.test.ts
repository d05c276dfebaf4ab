import { expect, test } from 'vitest';
import { rotation, warpMask, warpPicture } from '../../../../gpu-worker/ml/training/photos/warp.ts';

/** A picture whose red level counts its pixels. */
const numbered = (width: number, height: number) => ({
  width,
  height,
  rgb: Uint8Array.from({ length: 3 * width * height }, (_, i) => (i % 3 === 0 ? i / 3 : 0)),
});
const reds = (rgb: Uint8Array) => [...rgb].filter((_, i) => i % 3 === 0);

test('no rotation and no shift change nothing', () => {
  const picture = numbered(3, 2);
  expect(warpPicture(picture, rotation(picture, 0), 'black')).toEqual(picture);
});

test('a quarter turn is clockwise', () => {
  const picture = numbered(3, 3);
  expect(reds(warpPicture(picture, rotation(picture, 90), 'black').rgb)).toEqual([6, 3, 0, 7, 4, 1, 8, 5, 2]);
});

test('half a pixel between two is their mean, and beyond the edge is black or mirrored', () => {
  const picture = numbered(3, 1);
  const shifted = rotation(picture, 0, { x: -1.5, y: 0 });
  expect(reds(warpPicture(picture, shifted, 'black').rgb)).toEqual([2, 1, 0]);
  expect(reds(warpPicture(picture, shifted, 'mirror').rgb)).toEqual([2, 2, 1]);
});

test('a mask moves with its picture and nothing comes in from outside', () => {
  const mask = { width: 3, height: 1, object: Uint8Array.of(1, 0, 1) };
  expect([...warpMask(mask, rotation(mask, 0, { x: 1, y: 0 })).object]).toEqual([0, 1, 0]);
});
