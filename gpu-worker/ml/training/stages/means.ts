import type { Value } from '../../graph/graph.ts';
import { multiply, reduceMean, reduceSum, subtract } from '../../graph/ops.ts';

/** The mean of all elements, as a scalar. */
export function meanOf(x: Value): Value {
  return reduceMean(x, [...x.shape.keys()], { keepDims: false });
}

/** The sum of all elements, as a scalar. */
export function sumOf(x: Value): Value {
  return reduceSum(x, [...x.shape.keys()], { keepDims: false });
}

/** (a − b)², element by element. */
export function squaredError(a: Value, b: Value): Value {
  const error = subtract(a, b);
  return multiply(error, error);
}

/** The mean of (a − b)² over all elements, as a scalar. */
export const meanSquaredError = (a: Value, b: Value): Value => meanOf(squaredError(a, b));
