import { describe, expect, it } from 'vitest';
import { maxRelativeError } from '../../../gpu-worker/ml/evaluation/array-error.ts';
import { Graph, type Value } from '../../../gpu-worker/ml/graph/graph.ts';
import { cuda, UNVERIFIED_ON_CUDA } from '../../../gpu-worker/ml/graph/op-sets/cuda.ts';
import type { OpSet } from '../../../gpu-worker/ml/graph/op-sets/op-set.ts';
import { portable } from '../../../gpu-worker/ml/graph/op-sets/portable.ts';
import { primitive } from '../../../gpu-worker/ml/graph/op-sets/primitive.ts';
import { SD_V1_4_UNET, shallowUNetGraph, unetGraph } from '../../../gpu-worker/ml/models/unet.ts';
import { SD_V1_4_VAE, vaeDecoderGraph } from '../../../gpu-worker/ml/models/vae.ts';
import { type InputTensor, openSession } from '../../../gpu-worker/ml/runtime/session.ts';
import { golden, reference } from '../../parity/reference.ts';
import { referenceModel } from '../../parity/reference-model.ts';
import { replaceFusedNodes } from './fused-operators.ts';

const unetSize = { height: 64, width: 64, tokens: 77, patches: 256 };
const fullSize = [
  ['UNet', unetGraph(SD_V1_4_UNET, unetSize, cuda)],
  ['VAE decoder', vaeDecoderGraph(SD_V1_4_VAE, { height: 64, width: 64 }, cuda)],
  ['shallow UNet', shallowUNetGraph(SD_V1_4_UNET, unetSize, cuda)],
] as const;

function countOps(graph: Graph): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of graph.nodes) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

describe('the CUDA graphs at full size', () => {
  it('fuse every norm, activation, convolution and attention of the UNet', () => {
    const { NhwcConv, GroupNorm, SkipGroupNorm, BiasSplitGelu, MultiHeadAttention } = countOps(fullSize[0][1]);
    // 22 ResNet blocks of two norms, 16 transformers of one, and the last; 45 of them swallow the sum before them.
    expect(GroupNorm + SkipGroupNorm).toBe(61);
    expect(SkipGroupNorm).toBe(45);
    // Two a ResNet block, two a transformer, 14 shortcuts, 3 down, 3 up, first and last.
    expect(NhwcConv).toBe(98);
    expect(BiasSplitGelu).toBe(16);
    expect(MultiHeadAttention).toBe(32);
  });

  it.each(fullSize)('leave no operator of another layout in the %s', (_, graph) => {
    const ops = Object.keys(countOps(graph));
    expect(
      ops.filter((op) => ['Conv', 'ConvTranspose', 'GroupNormalization', 'QuickGelu', 'Gelu'].includes(op)),
    ).toEqual([]);
  });

  it.each([
    ['UNet', fullSize[0][1], 1, 2], // latents; noise and deep features
    ['VAE decoder', fullSize[1][1], 1, 1],
    ['shallow UNet', fullSize[2][1], 2, 1],
  ] as const)('turn feature maps of the %s at its entrances and exits only', (_, graph, entrances, exits) => {
    const weights = new Set([...graph.parameters.values()].map(({ value }) => value));
    for (const { op, inputs, outputs } of graph.nodes)
      if (op === 'Cast' && weights.has(inputs[0])) weights.add(outputs[0]);
    const turned = graph.nodes.filter(
      ({ op, inputs, attributes }) =>
        op === 'Transpose' && !weights.has(inputs[0]) && ['0,2,3,1', '0,3,1,2'].includes(String(attributes.perm)),
    );
    const maps = turned.filter(
      ({ inputs }) => inputs[0]!.shape[1] !== SD_V1_4_UNET.heads && inputs[0]!.shape[2] !== SD_V1_4_UNET.heads,
    );
    const turns = maps.map(({ attributes }) => String(attributes.perm)).sort();
    expect(turns).toEqual([...Array(entrances).fill('0,2,3,1'), ...Array(exits).fill('0,3,1,2')]);
  });

  it.each(fullSize)('give the nodes of the %s nothing that was not made before', (_, graph) => {
    const known = new Set([
      ...graph.inputs,
      ...[...graph.constants.values()].map(({ value }) => value),
      ...[...graph.parameters.values()].map(({ value }) => value),
    ]);
    for (const { op, inputs, outputs } of graph.nodes) {
      for (const input of inputs) if (input) expect(known.has(input), `${input.name} of ${op}`).toBe(true);
      for (const output of outputs) known.add(output);
    }
    for (const { value } of graph.outputs) expect(known.has(value)).toBe(true);
  });

  it.each([
    ['UNet', fullSize[0][1], 'float16'],
    ['shallow UNet', fullSize[2][1], 'float16'],
    ['VAE decoder', fullSize[1][1], 'float32'], // its largest sums would overflow
  ] as const)('convolve, normalise and attend in the precision of the %s, and answer in float32', (_, graph, dtype) => {
    const fused = graph.nodes.filter(({ domain }) => domain !== '');
    expect(new Set(fused.map(({ inputs }) => inputs[0]!.dtype))).toEqual(new Set([dtype]));
    expect(new Set(graph.outputs.map(({ value }) => value.dtype))).toEqual(new Set(['float32']));
  });

  it('keep in float32 what half precision is too coarse or too narrow for', () => {
    const [, unet] = fullSize[0];
    const dtypes = (...ops: string[]) =>
      unet.nodes.filter(({ op }) => ops.includes(op)).map(({ inputs }) => inputs[0]!.dtype);
    const timestep = dtypes('Cos', 'Sin');
    const placeholderAttention = dtypes('Softmax', 'ReduceMax', 'Div');
    expect(timestep).toHaveLength(2);
    expect(placeholderAttention).toHaveLength(3 * 16);
    expect(new Set([...timestep, ...placeholderAttention])).toEqual(new Set(['float32']));
    const norms = unet.nodes.filter(({ op }) => op.endsWith('GroupNorm')).flatMap(({ inputs }) => inputs.slice(1, 3));
    expect(new Set(norms.map((weight) => weight!.dtype))).toEqual(new Set(['float32']));
  });

  it.each(fullSize)('name every fused operator of the %s that no provider has run', (_, graph) => {
    const fused = new Set(graph.nodes.filter(({ domain }) => domain !== '').map(({ op }) => op));
    fused.delete('MultiHeadAttention'); // the processor's provider has it, and the tests run it there
    expect([...fused].filter((op) => !UNVERIFIED_ON_CUDA.includes(op))).toEqual([]);
  });
});

const cudaInFloat32: OpSet = { ...cuda, precision: 'float32' };

const SIDE = 8;
const PADDING = { top: 1, left: 1, bottom: 1, right: 1 };

type Operator = { readonly fused: string; readonly build: (ops: OpSet, graph: Graph) => Value };

function image(graph: Graph, name: string, channels: number): Value {
  return graph.input(name, [2, channels, SIDE, SIDE]);
}

function groupNorm(ops: OpSet, x: Value, silu: boolean): Value {
  const channels = x.shape[1] as number;
  const [weight, bias] = ['weight', 'bias'].map((name) => x.graph.input(name, [channels]));
  return ops.images.toPlain(ops.groupNorm(x, weight, bias, { groups: 4, epsilon: 1e-5, silu }));
}

/** Each fused operator as the models use it. */
const operators: readonly (readonly [name: string, operator: Operator])[] = [
  ...[1, 2].map(
    (stride) =>
      [
        `a convolution of stride ${stride}`,
        {
          fused: 'NhwcConv',
          build: (ops: OpSet, graph: Graph) => {
            const y = ops.convolution(
              image(graph, 'x', 6),
              graph.input('weight', [10, 6, 3, 3]),
              graph.input('bias', [10]),
              {
                stride,
                padding: PADDING,
              },
            );
            return ops.images.toPlain(y);
          },
        },
      ] as const,
  ),
  ...[true, false].map(
    (silu) =>
      [
        `a group norm ${silu ? 'with' : 'without'} SiLU`,
        { fused: 'GroupNorm', build: (ops: OpSet, graph: Graph) => groupNorm(ops, image(graph, 'x', 24), silu) },
      ] as const,
  ),
  [
    'a group norm of a sum',
    {
      fused: 'SkipGroupNorm',
      build: (ops, graph) => groupNorm(ops, ops.images.add(image(graph, 'x', 24), image(graph, 'addend', 24)), true),
    },
  ],
  [
    'a group norm of what a timestep shifts',
    {
      fused: 'SkipGroupNorm',
      build: (ops, graph) =>
        groupNorm(ops, ops.images.shift(image(graph, 'x', 24), graph.input('shift', [2, 24])), true),
    },
  ],
  [
    'a gated linear layer',
    {
      fused: 'BiasSplitGelu',
      build: (ops, graph) =>
        ops.geglu(graph.input('x', [2, 5, 20]), graph.input('weight', [2560, 20]), graph.input('bias', [2560])),
    },
  ],
  [
    'attention',
    {
      fused: 'MultiHeadAttention',
      build: (ops, graph) => {
        const [query, key, value] = ['query', 'key', 'value'].map((name) => graph.input(name, [2, 7, 24]));
        return ops.attention(query, key, value, { heads: 3 });
      },
    },
  ],
];

/** Numbers about as large as a network's, of no pattern. */
function waves(graph: Graph): Record<string, InputTensor> {
  return Object.fromEntries(
    graph.inputs.map(({ name, shape }, index) => {
      const sizes = shape as readonly number[];
      const count = sizes.reduce((product, size) => product * size, 1);
      return [
        name,
        { data: Float32Array.from({ length: count }, (_, i) => Math.sin(i * i * 0.37 + index)), shape: sizes },
      ];
    }),
  );
}

function graphOf({ build }: Operator, ops: OpSet): Graph {
  const graph = new Graph('operator');
  graph.output('y', build(ops, graph));
  return graph;
}

async function runAlone(graph: Graph): Promise<Float32Array> {
  const session = await openSession(graph, new Map(), { threads: 1 });
  const { y } = await session.run(waves(graph));
  await session.release();
  return y.data;
}

describe('a fused operator', () => {
  it.each(operators)('is used for %s, and its formula gives what standard operators give', async (_, operator) => {
    const graph = graphOf(operator, cudaInFloat32);
    expect(graph.nodes.map(({ op }) => op)).toContain(operator.fused);
    replaceFusedNodes(graph);
    expect(maxRelativeError(await runAlone(graph), await runAlone(graphOf(operator, primitive)))).toBeLessThan(1e-5);
  });

  it('is not one that the processor’s provider could run here instead of a formula', async () => {
    const runnable = new Set<string>();
    for (const [, operator] of operators)
      await runAlone(graphOf(operator, cudaInFloat32)).then(
        () => runnable.add(operator.fused),
        (error) => expect(error.message).toMatch(/implementation|kernel/i),
      );
    expect([...runnable]).toEqual(['MultiHeadAttention']); // which the formulas leave to it
  });

  it('is left out where its kernel does not take the size', () => {
    const norm = new Graph('norm');
    groupNorm(cuda, image(norm, 'x', 12), true); // three channels a group, and a thread takes two
    expect(norm.nodes.map(({ op }) => op)).toContain('GroupNormalization');
    const gate = new Graph('gate');
    cuda.geglu(gate.input('x', [2, 5, 20]), gate.input('weight', [512, 20]), gate.input('bias', [512]));
    expect(gate.nodes.map(({ op }) => op)).toContain('Gelu');
  });
});

/** Computed in float32, only the order of sums differs. */
const TOLERANCE = 1e-4;

describe('the CUDA graphs of the small model, fused operators replaced by the formulas of their schemas', () => {
  const side = reference.latent;
  const { config, checkpoints } = referenceModel;

  async function run(graph: Graph, inputs: Parameters<Awaited<ReturnType<typeof openSession>>['run']>[0]) {
    replaceFusedNodes(graph);
    const session = await openSession(graph, checkpoints, { threads: 1 });
    const outputs = await session.run(inputs);
    await session.release();
    return Object.values(outputs)[0].data;
  }

  it('predict the noise that the portable graph predicts', async () => {
    const tensors = golden('unet');
    const size = { height: side, width: side, tokens: config.text.positions, patches: config.mapping.patches };
    const inputs = {
      latents: { data: tensors.floats('latents'), shape: [1, config.unet.latentChannels, side, side] },
      timestep: { data: Float32Array.of(tensors.doubles('timesteps')[1]), shape: [1] },
      context: { data: tensors.floats('ctx_text'), shape: [1, size.tokens, config.unet.contextSize] },
      local: { data: tensors.floats('local'), shape: [1, size.patches, config.unet.contextSize] },
      placeholder_index: { data: Int32Array.from(tensors.numbers('local_index')), shape: [1] },
      strength: { data: Float32Array.of(reference.config.unet_lam), shape: [1] },
    };
    const noise = (ops: OpSet) => run(unetGraph(config.unet, size, ops), inputs);
    expect(maxRelativeError(await noise(cudaInFloat32), await noise(portable))).toBeLessThan(TOLERANCE);
  });

  it('decode the picture that the portable graph decodes', async () => {
    const tensors = golden('vae');
    const latents = { data: tensors.floats('z'), shape: tensors.shape('z') };
    const [, , height, width] = latents.shape;
    const image = (ops: OpSet) => run(vaeDecoderGraph(config.vae, { height, width }, ops), { latents });
    expect(maxRelativeError(await image(cudaInFloat32), await image(portable))).toBeLessThan(TOLERANCE);
  });
});
