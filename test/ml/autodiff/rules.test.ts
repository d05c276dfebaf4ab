import { describe, expect, onTestFinished, test } from 'vitest';
import { expandTo } from '../../../gpu-worker/ml/autodiff/gradient-ops.ts';
import { gradients } from '../../../gpu-worker/ml/autodiff/gradients.ts';
import { rules } from '../../../gpu-worker/ml/autodiff/rules.ts';
import { elementCount } from '../../../gpu-worker/ml/graph/dims.ts';
import { Graph, type Value } from '../../../gpu-worker/ml/graph/graph.ts';
import { training } from '../../../gpu-worker/ml/graph/op-sets/training.ts';
import * as ops from '../../../gpu-worker/ml/graph/ops.ts';
import { openSession } from '../../../gpu-worker/ml/runtime/session.ts';
import { createRandom } from '../../../gpu-worker/ml/training/random.ts';

type Case = {
  /** The rule that is checked. */
  op: string;
  /** What is special about this case. */
  what: string;
  inputs: readonly (readonly number[])[];
  build(...inputs: Value[]): Value;
  /** Moves inputs to where the function is defined, or away from a kink. */
  domain?(x: number): number;
};

const even = (size: number): ops.Padding => ({ top: size, left: size, bottom: size, right: size });
const positive = (x: number) => Math.abs(x) + 0.5;
const awayFromZero = (x: number) => x + Math.sign(x) * 0.1;

const cases: readonly Case[] = [
  {
    op: 'Add',
    what: 'broadcast both ways',
    inputs: [
      [2, 1, 3],
      [4, 1],
    ],
    build: ops.add,
  },
  { op: 'Sub', what: 'broadcast', inputs: [[2, 3], [3]], build: ops.subtract },
  {
    op: 'Mul',
    what: 'broadcast',
    inputs: [
      [2, 3, 4],
      [3, 1],
    ],
    build: ops.multiply,
  },
  { op: 'Mul', what: 'of a value with itself', inputs: [[2, 3]], build: (x) => ops.multiply(x, x) },
  {
    op: 'Div',
    what: 'broadcast',
    inputs: [
      [2, 3],
      [1, 3],
    ],
    build: ops.divide,
    domain: positive,
  },
  { op: 'Neg', what: '', inputs: [[3]], build: ops.negate },
  { op: 'Exp', what: '', inputs: [[2, 3]], build: ops.exp },
  { op: 'Log', what: '', inputs: [[2, 3]], build: ops.log, domain: positive },
  { op: 'Sqrt', what: '', inputs: [[2, 3]], build: ops.sqrt, domain: positive },
  { op: 'Abs', what: 'on both sides of zero', inputs: [[8]], build: ops.abs, domain: awayFromZero },
  { op: 'Cos', what: '', inputs: [[5]], build: ops.cos },
  { op: 'Sin', what: '', inputs: [[5]], build: ops.sin },
  { op: 'Clip', what: 'inside and outside the limits', inputs: [[12]], build: (x) => ops.clip(x, -0.52, 0.48) },
  {
    op: 'Cast',
    what: 'there and back',
    inputs: [[4]],
    build: (x) => x.graph.node('Cast', [x], [x.shape], { attributes: { to: 1 } })[0],
  },
  { op: 'Identity', what: '', inputs: [[4]], build: (x) => x.graph.node('Identity', [x], [x.shape])[0] },
  { op: 'Sigmoid', what: '', inputs: [[6]], build: ops.sigmoid },
  { op: 'Tanh', what: '', inputs: [[6]], build: ops.tanh },
  { op: 'Erf', what: '', inputs: [[6]], build: ops.erf },
  { op: 'Gelu', what: '', inputs: [[9]], build: ops.gelu },
  {
    op: 'LeakyRelu',
    what: 'on both sides of zero',
    inputs: [[9]],
    build: (x) => ops.leakyRelu(x, 0.01),
    domain: awayFromZero,
  },
  ...[1, 1.702].map(
    (alpha): Case => ({
      op: 'com.microsoft.QuickGelu',
      what: `alpha ${alpha}`,
      inputs: [[9]],
      build: (x) => training.gatedSigmoid(x, alpha),
    }),
  ),
  { op: 'Softmax', what: 'peaked', inputs: [[3, 7]], build: (x) => ops.softmax(ops.multiply(x, ops.scalar(x, 4))) },
  {
    op: 'MatMul',
    what: 'batched',
    inputs: [
      [2, 3, 4, 5],
      [2, 3, 5, 6],
    ],
    build: ops.matmul,
  },
  {
    op: 'MatMul',
    what: 'broadcast over leading axes',
    inputs: [
      [2, 3, 4, 5],
      [3, 5, 2],
    ],
    build: ops.matmul,
  },
  {
    op: 'MatMul',
    what: 'by one matrix',
    inputs: [
      [2, 3, 5],
      [5, 4],
    ],
    build: ops.matmul,
  },
  ...[false, true].flatMap((transA) =>
    [false, true].map(
      (transB): Case => ({
        op: 'Gemm',
        what: `transA ${transA}, transB ${transB}`,
        inputs: [transA ? [3, 4] : [4, 3], transB ? [5, 3] : [3, 5], [5]],
        build: (a, b, bias) => ops.gemm(a, b, bias, { transA, transB }),
      }),
    ),
  ),
  {
    op: 'Conv',
    what: '3×3 with bias',
    inputs: [[2, 3, 5, 6], [4, 3, 3, 3], [4]],
    build: (x, w, b) => ops.conv(x, w, b, { padding: even(1) }),
  },
  {
    op: 'Conv',
    what: '1×1',
    inputs: [
      [2, 3, 4, 4],
      [4, 3, 1, 1],
    ],
    build: (x, w) => ops.conv(x, w, null, { padding: even(0) }),
  },
  {
    op: 'Conv',
    what: 'stride 2',
    inputs: [
      [2, 3, 8, 6],
      [4, 3, 3, 3],
    ],
    build: (x, w) => ops.conv(x, w, null, { stride: 2, padding: even(1) }),
  },
  {
    op: 'Conv',
    what: "stride 2 with the VAE's one-sided padding",
    inputs: [
      [2, 3, 8, 8],
      [4, 3, 3, 3],
    ],
    build: (x, w) => ops.conv(x, w, null, { stride: 2, padding: { top: 0, left: 0, bottom: 1, right: 1 } }),
  },
  {
    op: 'Conv',
    what: 'patches that do not overlap',
    inputs: [
      [2, 3, 8, 8],
      [5, 3, 4, 4],
    ],
    build: (x, w) => ops.conv(x, w, null, { stride: 4, padding: even(0) }),
  },
  {
    op: 'GroupNormalization',
    what: '',
    inputs: [[2, 8, 3, 4], [8], [8]],
    build: (x, w, b) => ops.groupNormalization(x, w, b, { groups: 4, epsilon: 1e-5 }),
  },
  {
    op: 'GroupNormalization',
    what: 'of a tiny variance, where epsilon counts',
    inputs: [[2, 4, 3, 3], [4], [4]],
    build: (x, w, b) =>
      ops.groupNormalization(ops.multiply(x, ops.scalar(x, 0.05)), w, b, { groups: 2, epsilon: 1e-3 }),
  },
  {
    op: 'LayerNormalization',
    what: '',
    inputs: [[2, 5, 8], [8], [8]],
    build: (x, w, b) => ops.layerNormalization(x, w, b, 1e-5),
  },
  {
    op: 'LayerNormalization',
    what: 'of a tiny variance, where epsilon counts',
    inputs: [[4, 6], [6], [6]],
    build: (x, w, b) => ops.layerNormalization(ops.multiply(x, ops.scalar(x, 0.05)), w, b, 1e-3),
  },
  { op: 'ReduceSum', what: 'axes kept', inputs: [[2, 3, 4]], build: (x) => ops.reduceSum(x, [1]) },
  {
    op: 'ReduceSum',
    what: 'axes dropped',
    inputs: [[2, 3, 4]],
    build: (x) => ops.reduceSum(x, [0, 2], { keepDims: false }),
  },
  {
    op: 'ReduceMean',
    what: 'axes dropped',
    inputs: [[2, 3, 4]],
    build: (x) => ops.reduceMean(x, [0, 2], { keepDims: false }),
  },
  { op: 'ReduceMax', what: 'over several axes', inputs: [[2, 3, 4]], build: (x) => ops.reduceMax(x, [1, 2]) },
  { op: 'Reshape', what: '', inputs: [[2, 3, 4]], build: (x) => ops.reshape(x, [4, 6]) },
  { op: 'Transpose', what: '', inputs: [[2, 3, 4]], build: (x) => ops.transpose(x, [2, 0, 1]) },
  { op: 'Expand', what: '', inputs: [[2, 1, 3]], build: (x) => expandTo(x, [4, 2, 5, 3]) },
  {
    op: 'Concat',
    what: '',
    inputs: [
      [2, 3],
      [2, 1],
    ],
    build: (a, b) => ops.concat([a, b], 1),
  },
  {
    op: 'Split',
    what: 'all parts used',
    inputs: [[2, 5]],
    build: (x) =>
      ops.matmul(
        ...(ops
          .split(ops.concat([x, x], 1), 1, [5, 5])
          .map((part, i) => (i === 0 ? part : ops.transpose(part, [1, 0]))) as [Value, Value]),
      ),
  },
  { op: 'Split', what: 'one part unused', inputs: [[2, 5]], build: (x) => ops.split(x, 1, [2, 3])[1] },
  { op: 'Slice', what: 'from the middle', inputs: [[2, 6]], build: (x) => ops.slice(x, 1, 2, 4) },
  {
    op: 'Gather',
    what: 'with a row picked twice and one never',
    inputs: [[6, 3]],
    build: (table) => ops.gather(table, table.graph.constant(Int32Array.of(1, 4, 1, 0, 5, 2), [2, 3])),
  },
  { op: 'Resize', what: 'doubled', inputs: [[2, 3, 2, 4]], build: (x) => ops.upsampleNearest(x, 2) },
];

/** Runs a graph once for its inputs in order. */
async function evaluate(
  _graph: Graph,
  shapes: Case['inputs'],
  data: readonly Float32Array[],
  session: Awaited<ReturnType<typeof openSession>>,
) {
  return session.run(Object.fromEntries(shapes.map((shape, i) => [`x${i}`, { data: data[i], shape }])));
}

describe.each(cases)('the gradient of $op $what', ({ inputs, build, domain = (x) => x }) => {
  test('equals central differences', async () => {
    const random = createRandom(
      inputs.flat().length,
      inputs.flat().reduce((a, b) => a + b, 0),
    );
    const graph = new Graph('check');
    const values = inputs.map((shape, index) => graph.input(`x${index}`, shape));
    const y = build(...values);
    const count = elementCount(y.shape) as number;
    // A random weighting of the outputs, so that errors cannot cancel.
    const weights = graph.constant(
      Float32Array.from({ length: count }, () => random.uniform(-1, 1)),
      [count],
    );
    const loss = ops.reduceSum(ops.multiply(ops.reshape(y, [count]), weights), [0], { keepDims: false });
    graph.output('loss', loss);
    for (const [index, gradient] of gradients(loss, values).entries()) {
      expect(gradient.shape).toEqual(inputs[index]);
      graph.output(`d${index}`, gradient);
    }
    const session = await openSession(graph, new Map(), { threads: 1 });
    onTestFinished(() => session.release());
    const data = inputs.map((shape) =>
      Float32Array.from({ length: elementCount(shape) as number }, () => domain(random.uniform(-1, 1))),
    );
    const analytic = await evaluate(graph, inputs, data, session);

    const step = 4e-3;
    for (const [index, array] of data.entries()) {
      const found = analytic[`d${index}`].data;
      const scale = found.reduce((max, value) => Math.max(max, Math.abs(value)), 0.1);
      for (let trial = 0; trial < Math.min(10, array.length); trial++) {
        const place = random.integer(array.length);
        const lossAt = async (value: number) => {
          const moved = data.with(index, array.with(place, value));
          return (await evaluate(graph, inputs, moved, session)).loss.data[0];
        };
        const numeric = ((await lossAt(array[place] + step)) - (await lossAt(array[place] - step))) / (2 * step);
        expect(Math.abs(numeric - found[place]) / scale, `input ${index}, element ${place}`).toBeLessThan(5e-3);
      }
    }
  });
});

test('every rule is checked', () => {
  expect(new Set(cases.map(({ op }) => op))).toEqual(new Set(Object.keys(rules)));
});
