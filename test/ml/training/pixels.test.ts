import { expect, test } from 'vitest';
import { soften } from '../../../gpu-worker/ml/training/pixels.ts';

const side = 5;
const dot = () => Float32Array.from({ length: 2 * side ** 2 }, (_, i) => (i === 12 ? 9 : 0));

test('softening once spreads a dot over the nine places around it, in its own plane', () => {
  const planes = dot();
  soften(planes, side, 1);
  const [first, second] = [planes.subarray(0, side ** 2), planes.subarray(side ** 2)];
  expect([...first].map((value, i) => (value === 1 ? i : -1)).filter((i) => i >= 0)).toEqual([
    6, 7, 8, 11, 12, 13, 16, 17, 18,
  ]);
  expect(second.every((value) => value === 0)).toBe(true);
});

test('half as much is halfway there, and an even plane stays even up to its edges', () => {
  const [half, even] = [dot(), new Float32Array(side ** 2).fill(3)];
  soften(half, side, 0.5);
  expect([half[12], half[11]]).toEqual([5, 0.5]);
  soften(even, side, 1.7);
  expect(even.every((value) => Math.abs(value - 3) < 1e-6)).toBe(true);
});
