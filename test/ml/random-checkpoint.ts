import type { Graph } from '../../gpu-worker/ml/graph/graph.ts';
import { createRandom } from '../../gpu-worker/ml/training/random.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../gpu-worker/ml/weights/safetensors.ts';
import type { WeightIndex } from '../../gpu-worker/ml/weights/tensor-location.ts';

/**
 * Writes every weight that `graph`, which reads one checkpoint, expects of it: seeded random values, but for those that `constants` gives
 * one value.
 */
export function writeRandomCheckpoint(
  file: string,
  graph: Graph,
  constants: Readonly<Record<string, number>> = {},
): WeightIndex {
  const random = createRandom(0);
  const tensors = [...graph.parameters.values()].map(({ key, shape }) => {
    const elements = shape.reduce((product, dim) => product * dim, 1);
    const fanIn = shape.slice(1).reduce((product, dim) => product * dim, 1);
    const value = () => constants[key] ?? random.normal() / Math.sqrt(fanIn);
    return [key, { shape, data: Float32Array.from({ length: elements }, value) }] as const;
  });
  writeSafetensors(file, new Map(tensors));
  return readSafetensorsIndex(file);
}
