import { createRandom } from '../training/random.ts';

/** A mean and the interval that holds it with 95 % confidence. */
export type Estimate = { readonly mean: number; readonly low: number; readonly high: number };

const resamples = 1000;

/**
 * The mean of all values with a percentile bootstrap interval (Efron 1979) over groups: values of one group, such as pictures of one character,
 * go together, since they are no independent evidence. Groups without a value do not count.
 */
export function estimateMean(groups: readonly (readonly number[])[], seed = 0): Estimate {
  const sums = groups
    .filter((values) => values.length > 0)
    .map((values) => ({ sum: values.reduce((a, b) => a + b, 0), count: values.length }));
  const meanOf = (chosen: typeof sums) =>
    chosen.reduce((total, { sum }) => total + sum, 0) / chosen.reduce((total, { count }) => total + count, 0);
  const random = createRandom(seed);
  const means = Array.from({ length: resamples }, () => meanOf(sums.map(() => random.pick(sums)))).sort(
    (a, b) => a - b,
  );
  const quantile = (share: number) => means[Math.min(resamples - 1, Math.floor(share * resamples))];
  return { mean: meanOf(sums), low: quantile(0.025), high: quantile(0.975) };
}
