import { expect, TestRunner } from 'vitest';
import { maxAbsError, maxRelativeError } from '../../gpu-worker/ml/evaluation/array-error.ts';

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
