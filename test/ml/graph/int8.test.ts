import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { maxRelativeError } from '../../../gpu-worker/ml/evaluation/array-error.ts';
import { Graph, scaleKey, type Value } from '../../../gpu-worker/ml/graph/graph.ts';
import { int8 } from '../../../gpu-worker/ml/graph/op-sets/int8.ts';
import type { OpSet } from '../../../gpu-worker/ml/graph/op-sets/op-set.ts';
import { portable } from '../../../gpu-worker/ml/graph/op-sets/portable.ts';
import type { Padding } from '../../../gpu-worker/ml/graph/ops.ts';
import { openSession } from '../../../gpu-worker/ml/runtime/session.ts';
import { createRandom } from '../../../gpu-worker/ml/training/random.ts';
import { outputScales, quantiseWeight } from '../../../gpu-worker/ml/weights/quantise-weight.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../../gpu-worker/ml/weights/safetensors.ts';
import type { TensorToWrite } from '../../../gpu-worker/ml/weights/tensor-to-write.ts';

const folder = mkdtempSync(join(tmpdir(), 'int8-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Integers are exact; what is left is float32's rounding of the scales and of their products. */
const TOLERANCE = 1e-6;

const ops = int8(() => true);

function normals(length: number, path: number, mean = 0): Float32Array {
  const random = createRandom(path);
  return Float32Array.from({ length }, () => mean + random.normal());
}

/** Runs a network of one layer on `x`, its weight stored as int8 by us and its bias as it is. */
async function run(
  build: (x: Value, weight: Value, bias: Value) => Value,
  x: { data: Float32Array; shape: readonly number[] },
  { weight, bias, shape }: { weight: Float32Array; bias: Float32Array; shape: readonly number[] },
) {
  const graph = new Graph('layer');
  const layer = [graph.parameter('net', 'weight', shape)!, graph.parameter('net', 'bias', [bias.length])!] as const;
  graph.output('y', build(graph.input('x', ['batch', ...x.shape.slice(1)]), ...layer));
  const file = join(folder, `${crypto.randomUUID()}.safetensors`);
  const tensors: [string, TensorToWrite][] = [...graph.parameters.values()].map(({ key, shape: stored, value }) => {
    if (value?.dtype === 'int8') return [key, { shape: stored, data: quantiseWeight(weight, shape) }];
    if (key === scaleKey('weight')) return [key, { shape: stored, data: outputScales(weight, shape[0]) }];
    return [key, { shape: stored, data: key === 'bias' ? bias : weight }];
  });
  writeSafetensors(file, new Map(tensors));
  const session = await openSession(graph, new Map([['net', readSafetensorsIndex(file)]]), { threads: 1 });
  const { y } = await session.run({ x });
  await session.release();
  return y;
}

/** DynamicQuantizeLinear's formula (ONNX), and what its numbers are worth. */
function quantised(x: Float32Array): Float64Array {
  const low = Math.min(0, ...x);
  const high = Math.max(0, ...x);
  const scale = Math.fround(Math.fround(high - low) / 255);
  const toEven = (value: number) => {
    const rounded = Math.round(value);
    return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
  };
  const zero = Math.min(255, Math.max(0, toEven(-low / scale)));
  return Float64Array.from(x, (value) => {
    const number = Math.min(255, Math.max(0, toEven(Math.fround(value / scale)) + zero));
    return (number - zero) * scale;
  });
}

/** What an int8 weight [out, …] is worth, row-major as it was. */
function rounded(weight: Float32Array, outputs: number): Float64Array {
  const scales = outputScales(weight, outputs);
  const columns = weight.length / outputs;
  return Float64Array.from(weight, (value, i) => {
    const scale = scales[Math.floor(i / columns)];
    return Math.sign(value) * Math.round(Math.abs(value / scale)) * scale;
  });
}

describe('a linear layer in integers', () => {
  it.each([
    { rows: 7, inFeatures: 16, outFeatures: 24, mean: 0 },
    { rows: 33, inFeatures: 130, outFeatures: 5, mean: 3 }, // all but one side of zero, odd sizes
  ])('of [$rows, $inFeatures] → $outFeatures is the product of the rounded numbers', async (size) => {
    const { rows, inFeatures, outFeatures, mean } = size;
    const x = { data: normals(rows * inFeatures, 1, mean), shape: [1, rows, inFeatures] };
    const weight = normals(outFeatures * inFeatures, 2);
    const bias = normals(outFeatures, 3);
    const y = await run(ops.linear, x, { weight, bias, shape: [outFeatures, inFeatures] });
    const [left, right] = [quantised(x.data), rounded(weight, outFeatures)];
    const expected = Float32Array.from({ length: rows * outFeatures }, (_, i) => {
      const [row, output] = [Math.floor(i / outFeatures), i % outFeatures];
      let sum = bias[output];
      for (let k = 0; k < inFeatures; k++) sum += left[row * inFeatures + k] * right[output * inFeatures + k];
      return sum;
    });
    expect(y.shape).toEqual([1, rows, outFeatures]);
    expect(maxRelativeError(y.data, expected)).toBeLessThan(TOLERANCE);
  });

  it('whose sums of two products pass 16 bits is not cut short', async () => {
    const x = { data: new Float32Array(4 * 64).fill(1), shape: [1, 4, 64] };
    const layer = { weight: new Float32Array(8 * 64).fill(1), bias: new Float32Array(8), shape: [8, 64] };
    expect(maxRelativeError((await run(ops.linear, x, layer)).data, new Float32Array(32).fill(64))).toBeLessThan(
      TOLERANCE,
    );
  });

  it('reads what it shares with others once', () => {
    const graph = new Graph('attention');
    const x = graph.input('x', ['batch', 4, 8]);
    for (const name of ['to_q', 'to_k', 'to_v']) ops.linear(x, graph.parameter('net', name, [8, 8])!, null);
    const counts = Map.groupBy(graph.nodes, ({ op }) => op);
    expect(counts.get('DynamicQuantizeLinear')).toHaveLength(1);
    expect(counts.get('MatMulIntegerToFloat')).toHaveLength(3);
  });
});

type Case = {
  inChannels: number;
  outChannels: number;
  size: readonly [height: number, width: number];
  kernel: number;
  stride: number;
  padding: Padding;
};

const around = (size: number): Padding => ({ top: size, left: size, bottom: size, right: size });

describe('a convolution in integers', () => {
  it.each<Case>([
    { inChannels: 8, outChannels: 12, size: [6, 6], kernel: 3, stride: 1, padding: around(1) },
    { inChannels: 5, outChannels: 3, size: [7, 4], kernel: 3, stride: 1, padding: around(1) },
    { inChannels: 6, outChannels: 4, size: [8, 6], kernel: 3, stride: 2, padding: around(1) },
    {
      inChannels: 6,
      outChannels: 4,
      size: [8, 8],
      kernel: 3,
      stride: 2,
      padding: { ...around(0), bottom: 1, right: 1 },
    },
    { inChannels: 16, outChannels: 8, size: [5, 5], kernel: 1, stride: 1, padding: around(0) },
    { inChannels: 4, outChannels: 4, size: [6, 6], kernel: 1, stride: 2, padding: around(0) },
  ])('equals the float32 one of the rounded numbers: $kernel×$kernel, stride $stride, $size', async (layer) => {
    const { inChannels, outChannels, size, kernel, stride, padding } = layer;
    const shape = [outChannels, inChannels, kernel, kernel];
    const x = { data: normals(inChannels * size[0] * size[1], 4, 0.7), shape: [1, inChannels, ...size] };
    const weight = normals(outChannels * inChannels * kernel ** 2, 5);
    const bias = normals(outChannels, 6);
    const convolve = (form: OpSet) => (value: Value, kernels: Value, shift: Value) =>
      form.convolution(value, kernels, shift, { stride, padding });
    const y = await run(convolve(ops), x, { weight, bias, shape });
    const expected = await run(
      convolve(portable),
      { ...x, data: Float32Array.from(quantised(x.data)) },
      { weight: Float32Array.from(rounded(weight, outChannels)), bias, shape },
    );
    expect(y.shape).toEqual(expected.shape);
    expect(maxRelativeError(y.data, expected.data)).toBeLessThan(TOLERANCE * 3); // float32 sums too
  });

  it('between tokens goes round the feature map: nothing is transposed', async () => {
    const build = (x: Value, weight: Value, bias: Value) => {
      const map = ops.images.fromTokens(x, { height: 3, width: 4 });
      return ops.images.toTokens(ops.convolution(map, weight, bias, { padding: around(0) }));
    };
    const graph = new Graph('between');
    const parameters = [graph.parameter('net', 'weight', [8, 8, 1, 1])!, graph.parameter('net', 'bias', [8])!] as const;
    graph.output('y', build(graph.input('x', ['batch', 12, 8]), ...parameters));
    expect(graph.usedNodes().map(({ op }) => op)).not.toContain('Transpose');
    const x = { data: normals(96, 7), shape: [1, 12, 8] };
    const layer = { weight: normals(64, 8), bias: normals(8, 9) };
    const y = await run(build, x, { ...layer, shape: [8, 8, 1, 1] });
    expect(y.data).toEqual((await run(ops.linear, x, { ...layer, shape: [8, 8] })).data);
  });
});

describe('a layer that is not chosen', () => {
  it('stays as it is', () => {
    const graph = new Graph('mixed');
    const none = int8(() => false);
    none.linear(graph.input('x', ['batch', 4, 8]), graph.parameter('net', 'weight', [8, 8])!, null);
    expect(graph.nodes.map(({ op }) => op)).toEqual(expect.arrayContaining(['Gemm']));
    expect([...graph.parameters.keys()]).toEqual(['net/weight']);
  });

  it('cannot be quantised any more once something reads it', () => {
    const graph = new Graph('mixed');
    const weight = graph.parameter('net', 'weight', [8, 8])!;
    portable.linear(graph.input('x', ['batch', 4, 8]), weight, null);
    expect(() => graph.quantise(weight, [8, 8])).toThrow(
      'mixed: expected a weight that nothing reads yet, got net/weight',
    );
  });
});
