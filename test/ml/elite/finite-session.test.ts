import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { NonFiniteError } from '../../../gpu-worker/ml/elite/finite-session.ts';
import { loadModel } from '../../../gpu-worker/ml/elite/load-model.ts';
import type { UNetRow } from '../../../gpu-worker/ml/elite/unet-rows.ts';
import { readTensorData } from '../../../gpu-worker/ml/weights/read-tensor.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../../gpu-worker/ml/weights/safetensors.ts';
import { modelDir } from '../../parity/reference.ts';

const folder = mkdtempSync(join(tmpdir(), 'finite-session-'));
afterAll(() => rmSync(folder, { recursive: true }));

const UNET = 'unet/diffusion_pytorch_model.safetensors';
const CULPRIT = 'mid_block.resnets.0.conv1.weight';

/** Denoises something once with the model in `path`. */
async function denoise(path: string, latent = 1): Promise<Float32Array> {
  const { networks, config, description, latentCount } = await loadModel(path, { threads: 1 });
  const { text, mapping } = config;
  const row: UNetRow = {
    latents: new Float32Array(latentCount(description.defaults)).fill(latent),
    timestep: 500,
    context: new Float32Array(text.positions * text.hiddenSize).fill(0.1),
    local: new Float32Array(mapping.patches * mapping.wordSize),
    placeholderIndex: 1,
    strength: 0.6,
  };
  try {
    const [{ noise }] = await networks.predictNoise(description.defaults, [row]);
    return noise;
  } finally {
    await networks.release();
  }
}

it('a weight that is no number is named when it shows, by file and tensor', async () => {
  cpSync(modelDir, folder, { recursive: true });
  const tensors = [...readSafetensorsIndex(join(modelDir, UNET))].map(([name, location]) => {
    const data = readTensorData(location) as Float32Array;
    if (name === CULPRIT) data[5] = Number.NaN;
    return [name, { shape: location.shape, data }] as const;
  });
  writeSafetensors(join(folder, UNET), new Map(tensors));
  await expect(denoise(folder)).rejects.toThrow(
    new RegExp(`${UNET}: tensor "${CULPRIT}" \\[.*\\]: element 5 is infinite or not a number`),
  );
});

it('inputs out of all measure are told apart from broken weights', async () => {
  await expect(denoise(modelDir, Number.NaN)).rejects.toThrow(NonFiniteError);
});
