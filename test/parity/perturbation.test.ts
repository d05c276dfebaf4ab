import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openNetworks } from '../../gpu-worker/ml/elite/networks.ts';
import { maxRelativeError } from '../../gpu-worker/ml/evaluation/array-error.ts';
import { portable } from '../../gpu-worker/ml/graph/op-sets/portable.ts';
import { readTensor } from '../../gpu-worker/ml/weights/read-tensor.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../gpu-worker/ml/weights/safetensors.ts';
import { golden, reference } from './reference.ts';
import { pictureSize, referenceModel } from './reference-model.ts';

const TOLERANCE = 1e-4;

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'perturbed-')));
afterAll(() => rmSync(folder, { recursive: true }));

type CheckpointName = Parameters<typeof referenceModel.checkpoints.get>[0];

/** The reference's checkpoints with one weight's first element moved by a tenth of the weight's largest. */
function perturb(checkpoint: CheckpointName, key: string) {
  const index = referenceModel.checkpoints.get(checkpoint)!;
  const location = index.get(key)!;
  const data = readTensor(location);
  data[0] += 0.1 * data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const file = join(folder, `${checkpoint}-${key}.safetensors`);
  writeSafetensors(file, new Map([[key, { shape: location.shape, data }]]));
  return new Map(referenceModel.checkpoints).set(checkpoint, new Map([...index, ...readSafetensorsIndex(file)]));
}

const attention = reference.attn2_order[0];
const projection = `${attention.replaceAll('.', '_')}_to_k.weight`;

/** Parity that a wrong weight could pass would prove nothing. */
it.each<[CheckpointName, string]>([
  ['unet', `${attention}.to_q.weight`],
  ['unet', 'conv_norm_out.bias'],
  ['unet', 'time_embedding.linear_1.weight'],
  ['global_mapper', projection],
  ['local_mapper', projection],
])('one perturbed number of %s/%s breaks the parity of the UNet', async (checkpoint, key) => {
  const networks = await openNetworks(referenceModel.config, perturb(checkpoint, key), pictureSize, portable, {
    threads: 1,
  });
  const expected = golden('unet');
  const row = {
    latents: expected.floats('latents'),
    timestep: expected.doubles('timesteps')[1],
    context: expected.floats('ctx_text'),
    local: expected.floats('local'),
    placeholderIndex: expected.numbers('local_index')[0],
    strength: reference.config.unet_lam,
  };
  const [{ noise }] = await networks.predictNoise(pictureSize, [row]);
  expect(maxRelativeError(noise, expected.floats('local/t1'))).toBeGreaterThan(TOLERANCE);
  await networks.release();
});
