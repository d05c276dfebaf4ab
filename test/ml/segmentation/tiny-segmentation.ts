import { writeFileSync } from 'node:fs';
import { Graph } from '../../../gpu-worker/ml/graph/graph.ts';
import { multiply, negate, scalar, sigmoid, slice } from '../../../gpu-worker/ml/graph/ops.ts';
import { serialise } from '../../../gpu-worker/ml/graph/serialise.ts';

/** Writes a network in U²-Net's form that takes what is red for the object; its second output, which does not count, says the opposite. */
export function writeTinySegmentation(file: string, side = 320): void {
  const graph = new Graph('tiny_u2net');
  const red = slice(graph.input('input.1', [1, 3, side, side]), 1, 0, 1);
  graph.output('d0', sigmoid(multiply(red, scalar(red, 4))));
  graph.output('d1', sigmoid(negate(red)));
  writeFileSync(
    file,
    serialise(graph, () => {
      throw new Error('it has no weights');
    }),
  );
}
