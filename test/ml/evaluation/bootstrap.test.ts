import { expect, test } from 'vitest';
import { estimateMean } from '../../../gpu-worker/ml/evaluation/bootstrap.ts';
import { createRandom } from '../../../gpu-worker/ml/training/random.ts';

test('about 95 of 100 intervals hold the true mean', () => {
  const holds = Array.from({ length: 200 }, (_, trial) => {
    const random = createRandom(trial);
    const groups = Array.from({ length: 40 }, () => {
      const shared = random.normal();
      return Array.from({ length: 4 }, () => 3 + shared + 0.5 * random.normal());
    });
    const { low, high } = estimateMean(groups, trial);
    return low <= 3 && 3 <= high;
  });
  const share = holds.filter(Boolean).length / holds.length;
  expect(share).toBeGreaterThan(0.89);
  expect(share).toBeLessThan(0.99);
});

test('values of one group are no independent evidence', () => {
  const values = Array.from({ length: 20 }, (_, index) => createRandom(index).normal());
  const width = (groups: number[][]) => {
    const { low, high } = estimateMean(groups);
    return high - low;
  };
  const once = values.map((value) => [value]);
  const tenTimes = values.map((value) => Array(10).fill(value));
  expect(width(tenTimes)).toBeCloseTo(width(once), 5);
});

test('groups without a value do not count', () => {
  expect(estimateMean([[1, 1], [], [4]]).mean).toBe(2);
});
