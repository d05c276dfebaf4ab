import { staticDim } from '../graph/dims.ts';
import type { Value } from '../graph/graph.ts';
import type { Scope } from '../graph/scope.ts';

/** A fully connected layer over the last axis: x […, in] → […, outFeatures]. */
export function linear(at: Scope, x: Value, outFeatures: number, { bias = true } = {}): Value {
  const inFeatures = staticDim(x.shape.at(-1), `the features entering ${at.path}`);
  const weight = at.parameter('weight', [outFeatures, inFeatures]);
  return at.ops.linear(x, weight, bias ? at.parameter('bias', [outFeatures]) : null);
}
