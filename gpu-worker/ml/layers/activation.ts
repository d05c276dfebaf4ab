import type { Value } from '../graph/graph.ts';
import type { Scope } from '../graph/scope.ts';

/** x·sigmoid(x). */
export function silu(at: Scope, x: Value): Value {
  return at.ops.gatedSigmoid(x, 1);
}

/** x·sigmoid(1.702·x), the approximation of GELU that OpenAI's CLIP was trained with. */
export function quickGelu(at: Scope, x: Value): Value {
  return at.ops.gatedSigmoid(x, 1.702);
}
