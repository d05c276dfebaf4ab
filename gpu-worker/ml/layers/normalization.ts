import { staticDim } from '../graph/dims.ts';
import type { Value } from '../graph/graph.ts';
import type { GroupNormOptions } from '../graph/op-sets/op-set.ts';
import type { Scope } from '../graph/scope.ts';

/** GroupNorm of [batch, channels, h, w] with a scale and shift per channel, and SiLU of that where asked for. */
export function groupNorm(at: Scope, x: Value, options: GroupNormOptions): Value {
  const channels = staticDim(x.shape[1], `the channels entering ${at.path}`);
  return at.ops.groupNorm(x, at.parameter('weight', [channels]), at.parameter('bias', [channels]), options);
}

/** LayerNorm over the last axis with a scale and shift per feature. */
export function layerNorm(at: Scope, x: Value, epsilon = 1e-5): Value {
  const features = staticDim(x.shape.at(-1), `the features entering ${at.path}`);
  return at.ops.layerNorm(x, at.parameter('weight', [features]), at.parameter('bias', [features]), epsilon);
}
