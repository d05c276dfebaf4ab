import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { measureChannels, reconstruct } from '../../../gpu-worker/ml/evaluation/vae-quality.ts';
import { createRandom } from '../../../gpu-worker/ml/training/random.ts';
import { standardiseLatents } from '../../../gpu-worker/ml/training/standardise-latents.ts';
import { openModelFolder } from '../../../gpu-worker/ml/weights/open-model-folder.ts';
import { readTensor } from '../../../gpu-worker/ml/weights/read-tensor.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../../gpu-worker/ml/weights/safetensors.ts';
import { modelDir } from '../../parity/reference.ts';

const folder = await realpath(await mkdtemp(join(tmpdir(), 'latents-')));
afterAll(() => rm(folder, { recursive: true }));

test('gives every channel mean 0 and deviation 1, and the pictures back as before', async () => {
  const { config, checkpoints } = openModelFolder(modelDir);
  const trained = checkpoints.get('vae')!;
  const random = createRandom(1);
  const images = {
    data: Float32Array.from({ length: 4 * 3 * 32 * 32 }, () => random.uniform(-1, 1)),
    shape: [4, 3, 32, 32],
  };
  const before = await measureChannels(config.vae, trained, images, 1);
  expect(before.some(({ deviation }) => Math.abs(deviation - 1) > 0.1)).toBe(true);

  const tensors = new Map(
    [...trained].map(([key, location]) => [key, { shape: location.shape, data: readTensor(location) }]),
  );
  writeSafetensors(join(folder, 'vae.safetensors'), standardiseLatents(tensors, before), {});
  const standard = readSafetensorsIndex(join(folder, 'vae.safetensors'));
  for (const { mean, deviation } of await measureChannels(config.vae, standard, images, 1)) {
    expect(mean).toBeCloseTo(0, 4);
    expect(deviation).toBeCloseTo(1, 4);
  }
  const [expected, actual] = [
    await reconstruct(config.vae, trained, images, 1),
    await reconstruct(config.vae, standard, images, 1),
  ];
  const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = expected.data.reduce((most, value, i) => Math.max(most, Math.abs(value - actual.data[i])), 0);
  expect(error / largest).toBeLessThan(1e-5);
});
