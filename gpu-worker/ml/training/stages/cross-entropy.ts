import type { Value } from '../../graph/graph.ts';
import { exp, log, multiply, reduceMax, reduceSum, subtract } from '../../graph/ops.ts';
import { meanOf } from './means.ts';

/** Mean of −Σ target·log softmax(logits) along an axis; targets sum to one along it. */
export function crossEntropy(logits: Value, target: Value, axis: number): Value {
  const shifted = subtract(logits, reduceMax(logits, [axis]));
  const normaliser = log(reduceSum(exp(shifted), [axis]));
  return meanOf(subtract(normaliser, reduceSum(multiply(shifted, target), [axis])));
}
