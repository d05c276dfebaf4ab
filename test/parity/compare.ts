import { expect, TestRunner } from 'vitest';

/** Largest |actual − expected|; infinite if the lengths differ or a value is not a number. */
export function maxAbsError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= worst)) worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  return worst;
}

/** max|actual − expected| / max|expected|. */
export function maxRelativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]));
  return maxAbsError(actual, expected) / largest;
}

/** One line of the parity table: how far a stage is from the reference, and how far it may be. */
export type ParityEntry = { stage: string; measure: 'relative' | 'absolute'; error: number; tolerance: number };

declare module 'vitest' {
  interface TaskMeta {
    parity?: ParityEntry[];
  }
}

/** Fails unless max|actual − expected| / max|expected| is below the tolerance; the figure goes into the table that `npm run parity` prints. */
export function expectRelative(
  stage: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  record({ stage, measure: 'relative', error: maxRelativeError(actual, expected), tolerance });
}

/** Fails unless max|actual − expected| is below the tolerance; the figure goes into the table that `npm run parity` prints. */
export function expectAbsolute(
  stage: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  record({ stage, measure: 'absolute', error: maxAbsError(actual, expected), tolerance });
}

function record(entry: ParityEntry): void {
  const test = TestRunner.getCurrentTest();
  if (test) test.meta.parity = [...(test.meta.parity ?? []), entry];
  expect(entry.error, `${entry.stage}: max ${entry.measure} error`).toBeLessThanOrEqual(entry.tolerance);
}
