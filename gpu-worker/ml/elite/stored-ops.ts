import type { Value } from '../graph/graph.ts';
import { int8 } from '../graph/op-sets/int8.ts';
import type { OpSet } from '../graph/op-sets/op-set.ts';
import { portable } from '../graph/op-sets/portable.ts';
import type { Checkpoints } from '../weights/bind-weights.ts';

/** The processor's operators for weights as they are stored: layers whose weights are int8 are computed in integers. */
export function storedOps(checkpoints: Checkpoints): OpSet {
  const quantised = new Set(
    [...checkpoints].flatMap(([checkpoint, index]) =>
      [...index].filter(([, { dtype }]) => dtype === 'int8').map(([key]) => `${checkpoint}/${key}`),
    ),
  );
  return quantised.size === 0 ? portable : int8(({ name }: Value) => quantised.has(name));
}
