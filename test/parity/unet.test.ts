import { describe, expect, it } from 'vitest';
import type { UNetRow } from '../../gpu-worker/ml/elite/unet-rows.ts';
import { maxRelativeError } from '../../gpu-worker/ml/evaluation/array-error.ts';
import { portable } from '../../gpu-worker/ml/graph/op-sets/portable.ts';
import { unetGraph } from '../../gpu-worker/ml/models/unet.ts';
import { openSession } from '../../gpu-worker/ml/runtime/session.ts';
import { expectRelative } from './compare.ts';
import { golden, reference } from './reference.ts';
import { openReferenceNetworks, pictureSize, referenceModel } from './reference-model.ts';

/** The authors' float32 differs from their float64 by 4e-6; the smallest typical mistake moves the output by 1e-2. */
const TOLERANCE = 1e-4;
/** Rows of one batch differ from the same rows alone only by the order of float32 sums. */
const BATCH_TOLERANCE = 1e-5;

const networks = await openReferenceNetworks();
const expected = golden('unet');
const timesteps = [...expected.doubles('timesteps')];
const [placeholderIndex] = expected.numbers('local_index');

const cases = {
  global: { context: 'ctx_text', strength: 0 },
  local: { context: 'ctx_text', strength: reference.config.unet_lam },
  local_nolambda: { context: 'ctx_text', strength: 1 },
  uncond: { context: 'ctx_uncond', strength: 0 },
};

function row(name: keyof typeof cases, timestep: number): UNetRow {
  const { context, strength } = cases[name];
  return {
    latents: expected.floats('latents'),
    timestep,
    context: expected.floats(context),
    local: expected.floats('local'),
    placeholderIndex,
    strength,
  };
}

/** The last norm and the SiLU behind it are one operation here; the authors' are two. */
function expectedTap(name: string): Float32Array {
  const values = expected.floats(name);
  return name === 'tap/conv_norm_out' ? values.map((x) => x / (1 + Math.exp(-x))) : values;
}

const rows = (Object.keys(cases) as (keyof typeof cases)[]).flatMap((name) =>
  timesteps.map((timestep, t) => ({ name: `${name}/t${t}`, row: row(name, timestep) })),
);

describe('the UNet', () => {
  it.each(rows)('$name', async ({ name, row }) => {
    const [{ noise }] = await networks.predictNoise(pictureSize, [row]);
    expectRelative(`UNet, ${name}`, noise, expected.floats(name), TOLERANCE);
  });

  it('every intermediate output of the local case', async () => {
    const { text, mapping, unet } = referenceModel.config;
    const side = reference.latent;
    const graph = unetGraph(
      unet,
      { height: side, width: side, tokens: text.positions, patches: mapping.patches },
      portable,
    );
    const taps = expected.names.filter((name) => name.startsWith('tap/') && name !== 'tap/time_proj');
    for (const name of taps) graph.output(name, graph.taps.get(name.slice('tap/'.length))!);
    const session = await openSession(graph, referenceModel.checkpoints);
    const { latents, context, local, strength, timestep } = row('local', timesteps[1]);
    const outputs = await session.run({
      latents: { data: latents, shape: [1, unet.latentChannels, side, side] },
      timestep: { data: Float32Array.of(timestep), shape: [1] },
      context: { data: context, shape: [1, text.positions, unet.contextSize] },
      local: { data: local, shape: [1, mapping.patches, unet.contextSize] },
      placeholder_index: { data: Int32Array.of(placeholderIndex), shape: [1] },
      strength: { data: Float32Array.of(strength), shape: [1] },
    });
    expect(taps.length).toBeGreaterThan(8);
    for (const name of taps) expectRelative(`UNet, ${name}`, outputs[name].data, expectedTap(name), TOLERANCE);
    await session.release();
  });

  it('gives each row of a batch of different jobs what it gets alone', async () => {
    const together = await networks.predictNoise(
      pictureSize,
      rows.map(({ row }) => row),
    );
    for (const [index, { row }] of rows.entries()) {
      const [alone] = await networks.predictNoise(pictureSize, [row]);
      expectRelative('UNet, a batch of different jobs', together[index].noise, alone.noise, BATCH_TOLERANCE);
    }
  });

  it.each(rows)(
    'with the deep features of the same call given, computes the same noise from the outer layers: $name',
    async ({ row }) => {
      const [{ noise, deep }] = await networks.predictNoise(pictureSize, [{ ...row, keepsDeep: true }]);
      const [shallow] = await networks.predictNoise(pictureSize, [{ ...row, deep: deep! }]);
      expectRelative('UNet, outer layers with deep features given', shallow.noise, noise, BATCH_TOLERANCE);
      const [ordinary] = await networks.predictNoise(pictureSize, [row]);
      expect(noise).toEqual(ordinary.noise); // to the bit: keeping them changes nothing
    },
  );

  it('takes the attention maximum per sample, where the authors take it over the batch', async () => {
    const batch = golden('unet_batch2');
    const indices = batch.numbers('LOCAL_INDEX');
    const half = (name: string, i: number) => {
      const both = batch.floats(name);
      return both.slice((i * both.length) / 2, ((i + 1) * both.length) / 2);
    };
    const pair = indices.map(
      (index, i): UNetRow => ({
        latents: half('latents', i),
        timestep: timesteps[1],
        context: half('CONTEXT_TENSOR', i),
        local: half('LOCAL', i),
        placeholderIndex: index,
        strength: reference.config.unet_lam,
      }),
    );
    const [, { noise: second }] = await networks.predictNoise(pictureSize, pair);
    expectRelative('UNet, second of a pair', second, batch.floats('out_single_1'), TOLERANCE);
    expect(maxRelativeError(second, half('out_batch', 1))).toBeGreaterThan(TOLERANCE);
  });
});
