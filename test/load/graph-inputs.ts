import type { Graph, Value } from '../../gpu-worker/ml/graph/graph.ts';
import type { InputTensor } from '../../gpu-worker/ml/runtime/session.ts';

/** Something for each input of a network that denoises or decodes, the same in every sample of the batch. */
export function graphInputs(graph: Graph, batch: number): Record<string, InputTensor> {
  return Object.fromEntries(graph.inputs.map((input) => [input.name, graphInput(input, batch)]));
}

/** Numbers of unit variance without a pattern that a convolution could cancel; token 5, timestep 500 and strength 0.8. */
function graphInput({ name, shape, dtype }: Value, batch: number): InputTensor {
  const sizes = shape.map((dim) => (typeof dim === 'number' ? dim : batch));
  const count = sizes.reduce((product, size) => product * size, 1);
  if (dtype === 'int32') return { data: new Int32Array(count).fill(5), shape: sizes };
  const fixed = { timestep: 500, strength: 0.8 }[name];
  const data = Float32Array.from({ length: count }, (_, i) => {
    const position = i % (count / batch);
    return fixed ?? Math.SQRT2 * Math.sin(position * position * 0.37);
  });
  return { data, shape: sizes };
}
