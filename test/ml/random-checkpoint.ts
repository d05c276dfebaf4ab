import { join } from 'node:path';
import type { Graph } from '../../gpu-worker/ml/graph/graph.ts';
import { createRandom } from '../../gpu-worker/ml/training/random.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../gpu-worker/ml/weights/safetensors.ts';
import type { WeightIndex } from '../../gpu-worker/ml/weights/tensor-location.ts';

/** Writes `<checkpoint>.safetensors` in `folder`: seeded random values for every weight that `graph` expects of that checkpoint. */
export function writeRandomCheckpoint(folder: string, graph: Graph, checkpoint: string, seed = 0): WeightIndex {
  const random = createRandom(seed);
  const parameters = [...graph.parameters.values()].filter((parameter) => parameter.checkpoint === checkpoint);
  const tensors = parameters.map(({ key, shape }) => {
    const elements = shape.reduce((product, dim) => product * dim, 1);
    const fanIn = shape.slice(1).reduce((product, dim) => product * dim, 1);
    return [
      key,
      { shape, data: Float32Array.from({ length: elements }, () => random.normal() / Math.sqrt(fanIn)) },
    ] as const;
  });
  const file = join(folder, `${checkpoint}.safetensors`);
  writeSafetensors(file, new Map(tensors));
  return readSafetensorsIndex(file);
}
