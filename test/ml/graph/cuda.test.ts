import { describe, expect, it } from 'vitest';
import { maxRelativeError } from '../../../gpu-worker/ml/evaluation/array-error.ts';
import type { Graph } from '../../../gpu-worker/ml/graph/graph.ts';
import { cuda, UNVERIFIED_ON_CUDA } from '../../../gpu-worker/ml/graph/op-sets/cuda.ts';
import type { OpSet } from '../../../gpu-worker/ml/graph/op-sets/op-set.ts';
import { portable } from '../../../gpu-worker/ml/graph/op-sets/portable.ts';
import { SD_V1_4_UNET, unetGraph } from '../../../gpu-worker/ml/models/unet.ts';
import { SD_V1_4_VAE, vaeDecoderGraph } from '../../../gpu-worker/ml/models/vae.ts';
import { openSession } from '../../../gpu-worker/ml/runtime/session.ts';
import { golden, reference } from '../../parity/reference.ts';
import { referenceModel } from '../../parity/reference-model.ts';
import { replaceFusedNodes } from './fused-operators.ts';

const unetSize = { height: 64, width: 64, tokens: 77, patches: 256 };
const fullSize = [
  ['UNet', unetGraph(SD_V1_4_UNET, unetSize, cuda)],
  ['VAE decoder', vaeDecoderGraph(SD_V1_4_VAE, { height: 64, width: 64 }, cuda)],
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

  it.each(fullSize)('turn feature maps of the %s at its entrance and exit only', (_, graph) => {
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
    expect(maps.map(({ attributes }) => String(attributes.perm))).toEqual(['0,2,3,1', '0,3,1,2']);
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

  it.each(fullSize)('compute the %s in half precision and answer in float32', (_, graph) => {
    const fused = graph.nodes.filter(({ op }) => UNVERIFIED_ON_CUDA.includes(op));
    expect(new Set(fused.map(({ inputs }) => inputs[0]!.dtype))).toEqual(new Set(['float16']));
    expect(graph.outputs.map(({ value }) => value.dtype)).toEqual(['float32']);
  });

  it.each(fullSize)('name every fused operator of the %s that no provider has run', (_, graph) => {
    const unknown = graph.nodes.filter(({ domain, op }) => domain !== '' && !UNVERIFIED_ON_CUDA.includes(op));
    expect(unknown).toEqual([]);
  });
});

/** Computed in float32, only the order of sums differs. */
const TOLERANCE = 1e-4;
const cudaInFloat32: OpSet = { ...cuda, precision: 'float32' };

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
