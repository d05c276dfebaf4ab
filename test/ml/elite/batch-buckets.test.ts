import { expect, it } from 'vitest';
import { inBuckets } from '../../../gpu-worker/ml/elite/batch-buckets.ts';

async function batchesOf(count: number) {
  const samples = Array.from({ length: count }, (_, i) => i);
  const batches: (readonly number[])[] = [];
  const results = await inBuckets([1, 2, 4, 8], samples, async (batch) => {
    batches.push(batch);
    return batch.map((sample) => sample * 10);
  });
  expect(results).toEqual(samples.map((sample) => sample * 10)); // nothing of the padding
  return batches;
}

it.each([
  [1, [[0]]],
  [2, [[0, 1]]],
  [3, [[0, 1, 2, 2]]],
  [5, [[0, 1, 2, 3, 4, 4, 4, 4]]],
  [8, [[0, 1, 2, 3, 4, 5, 6, 7]]],
  [
    11,
    [
      [0, 1, 2, 3, 4, 5, 6, 7],
      [8, 9, 10, 10],
    ],
  ],
])('%i samples run in batches of fixed sizes, the last one repeated', async (count, batches) => {
  expect(await batchesOf(count)).toEqual(batches);
});
