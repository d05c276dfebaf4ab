import { expect, it } from 'vitest';
import { maxRelativeError } from '../../../gpu-worker/ml/evaluation/array-error.ts';
import { Graph } from '../../../gpu-worker/ml/graph/graph.ts';
import { cuda } from '../../../gpu-worker/ml/graph/op-sets/cuda.ts';
import type { OpSet } from '../../../gpu-worker/ml/graph/op-sets/op-set.ts';
import { primitive } from '../../../gpu-worker/ml/graph/op-sets/primitive.ts';
import { cast } from '../../../gpu-worker/ml/graph/ops.ts';
import { rootScope } from '../../../gpu-worker/ml/graph/scope.ts';
import { dualCrossAttention } from '../../../gpu-worker/ml/layers/dual-cross-attention.ts';
import { openSession } from '../../../gpu-worker/ml/runtime/session.ts';
import { emulateHalfPrecision } from '../graph/half-precision.ts';

const CHANNELS = 8;
const HEADS = 2;
const [PIXELS, TOKENS, PATCHES] = [3, 4, 5];

/** The placeholder's token scores −12 where the first scores 12: nobody gives it more than e⁻²⁴ of the attention. */
const inputs: Readonly<Record<string, readonly [shape: readonly number[], value: (i: number) => number]>> = {
  x: [[1, PIXELS, CHANNELS], (i) => 3 - 0.1 * Math.floor(i / CHANNELS)],
  context: [[1, TOKENS, CHANNELS], (i) => [2, -2, 0.5, 0.3][Math.floor(i / CHANNELS)]],
  local: [[1, PATCHES, CHANNELS], (i) => Math.sin(i)],
  placeholder: [[1, 1, TOKENS, 1], (i) => Number(i === 1)],
  strength: [[1, 1, 1, 1], () => 0.8],
  'unet/to_out.0.bias': [[CHANNELS], () => 0],
};
const identity = (i: number) => Number(Math.floor(i / CHANNELS) === i % CHANNELS);

async function attend(ops: OpSet): Promise<Float32Array> {
  const graph = new Graph('attention');
  const at = rootScope(graph, 'unet', ops);
  const input = (name: string) => at.input(name, inputs[name][0]);
  const [x, context, patches] = ['x', 'context', 'local'].map((name) => cast(input(name), ops.precision));
  const local = { patches, placeholder: input('placeholder'), strength: input('strength') };
  graph.output('out', cast(dualCrossAttention(at, x, HEADS, { context, local }), 'float32'));
  for (const { value } of graph.parameters.values()) if (value) graph.inputs.push(value); // weights as inputs
  graph.parameters.clear();
  emulateHalfPrecision(graph);
  const session = await openSession(graph, new Map(), { threads: 1 });
  const tensors = graph.inputs.map(({ name }) => {
    const [shape, value] = inputs[name] ?? [[CHANNELS, CHANNELS], identity];
    const length = shape.reduce((product, size) => product * size, 1);
    return [name, { data: Float32Array.from({ length }, (_, i) => value(i)), shape }] as const;
  });
  const { out } = await session.run(Object.fromEntries(tensors));
  await session.release();
  return out.data;
}

it('in half precision, a placeholder that hardly anything looks at weighs the details as in float32', async () => {
  expect(maxRelativeError(await attend(cuda), await attend(primitive))).toBeLessThan(2e-3);
});
