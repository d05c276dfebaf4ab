import { expect, test } from 'vitest';
import { createRandom } from '../../../gpu-worker/ml/training/random.ts';

test('the same path draws the same numbers and a neighbouring one different numbers', () => {
  const draw = (...path: number[]) => {
    const random = createRandom(...path);
    return [random.uniform(), random.normal(), random.integer(1000)];
  };
  expect(draw(1, 2, 3)).toEqual(draw(1, 2, 3));
  for (const other of [draw(1, 2, 4), draw(1, 3, 2), draw(1, 2), draw(1, 2, 3, 0)])
    expect(other).not.toEqual(draw(1, 2, 3));
});

test('normal numbers of many streams together have mean 0, variance 1 and no correlation between neighbours', () => {
  const values = Array.from({ length: 40_000 }, (_, index) => createRandom(7, index).normal());
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const correlation = values.slice(1).reduce((sum, value, i) => sum + value * values[i]!, 0) / values.length;
  // Five standard errors of each estimate.
  expect(Math.abs(mean)).toBeLessThan(0.025);
  expect(Math.abs(variance - 1)).toBeLessThan(0.036);
  expect(Math.abs(correlation)).toBeLessThan(0.025);
});
