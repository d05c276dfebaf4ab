import type { Value } from '../../graph/graph.ts';
import { add } from '../../graph/ops.ts';
import { crossEntropy } from './cross-entropy.ts';
import { meanSquaredError } from './means.ts';

/**
 * How far what is read of pictures, [batch, n] for each head, is from the truth, in all. Each head gets an input of its name and shape: a one-hot
 * choice, or, for those named in `vectors`, a vector.
 */
export function attributeLoss(read: Readonly<Record<string, Value>>, vectors: readonly string[]): Value {
  const losses = Object.entries(read).map(([name, said]) => {
    const target = said.graph.input(name, said.shape);
    return vectors.includes(name) ? meanSquaredError(said, target) : crossEntropy(said, target, 1);
  });
  return losses.reduce(add);
}
