import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFiles } from '../../gpu-worker/ml/pipelines/describe-files.ts';
import { follow } from '../../gpu-worker/ml/pipelines/follow.ts';
import type { Check } from '../../gpu-worker/ml/pipelines/verify-model.ts';
import { readTensorData } from '../../gpu-worker/ml/weights/read-tensor.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../gpu-worker/ml/weights/safetensors.ts';
import { writeTinySafetyChecker } from '../ml/safety/tiny-safety-checker.ts';
import { modelDir, referenceDir } from '../parity/reference.ts';
import { elite } from './elite.ts';

const VAE = 'vae/diffusion_pytorch_model.safetensors';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'verify-'));
  cpSync(modelDir, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const verify = (...options: string[]) => elite(['verify', '--model', folder, '--threads', '1', ...options]);

/** Changes one weight of the VAE. */
function changeWeight(name: string, change: (data: Float32Array) => void): void {
  const tensors = [...readSafetensorsIndex(join(folder, VAE))].map(([key, location]) => {
    const data = readTensorData(location) as Float32Array;
    if (key === name) change(data);
    return [key, { shape: location.shape, data }] as const;
  });
  writeSafetensors(join(folder, VAE), new Map(tensors));
}

async function checksOf(...options: string[]): Promise<{ exitCode: number; failed: Pick<Check, 'name' | 'detail'>[] }> {
  const { exitCode, stdout } = await verify(...options, '--json');
  const { checks } = JSON.parse(stdout); // one line, also where it fails
  return { exitCode, failed: checks.filter(({ passed }: Check) => !passed) };
}

it('a sound model passes, every stage compared with what the authors’ code gave', async () => {
  const { exitCode, stdout } = await verify('--reference', referenceDir);
  expect(exitCode).toBe(0);
  for (const stage of ['values', 'load', 'creature: patches', 'UNet: local, timestep 2', 'run: levels of the picture'])
    expect(stdout).toContain(`✓ ${stage}: `);
});

it('a model with a model.json and a safety checker has both checked', async () => {
  writeTinySafetyChecker(folder, 2);
  await follow(describeFiles(folder));
  const { stdout } = await verify();
  expect(stdout).toMatch(/✓ files: 19 as in model\.json/);
  expect(stdout).toMatch(/weights of 7 networks/);
  expect(stdout).toMatch(/a picture of 64×64, passed by the safety checker/);
});

describe('a model fails that', () => {
  it('is not what its model.json says, by file', async () => {
    await follow(describeFiles(folder));
    const vocabulary = join(folder, 'tokenizer/vocab.json');
    writeFileSync(vocabulary, readFileSync(vocabulary, 'utf8').replace('"', ' "'));
    const { exitCode, failed } = await checksOf();
    expect(exitCode).toBe(1);
    expect(failed).toMatchObject([
      { name: 'files', detail: expect.stringMatching(/^tokenizer\/vocab\.json: expected/) },
    ]);
  });

  it('holds a weight that is no number, by file, tensor and element', async () => {
    changeWeight('decoder.conv_in.bias', (data) => {
      data[3] = Number.NaN;
    });
    const { exitCode, failed } = await checksOf();
    expect(exitCode).toBe(1);
    expect(failed).toMatchObject([
      { name: 'values', detail: expect.stringMatching(/vae.*: tensor "decoder\.conv_in\.bias" \[32\]: element 3/) },
    ]);
  });

  it('lacks a weight, by name', async () => {
    cpSync(join(folder, 'global_mapper.pt'), join(folder, 'vision_encoder/pytorch_model.bin'));
    rmSync(join(folder, 'vision_encoder/model.safetensors'));
    const { failed } = await checksOf();
    expect(failed[0]).toMatchObject({
      name: 'names and shapes',
      detail: expect.stringMatching(/vision_encoder\/\S+: missing/),
    });
  });

  it('gives other numbers than the reference, by stage', async () => {
    changeWeight('decoder.conv_out.bias', (data) => data.fill(0.25));
    const { exitCode, failed } = await checksOf('--reference', referenceDir);
    expect(exitCode).toBe(1);
    expect(failed.map(({ name }) => name)).toEqual(['run: decoded', 'run: levels of the picture']);
  });
});

it('a folder that is no reference is named before anything runs', async () => {
  const { exitCode, stderr } = await verify('--reference', folder);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/golden\/index\.json: expected a JSON file/);
});

it('a model whose picture has nothing to do with the other one’s fails', { timeout: 90_000 }, async () => {
  changeWeight('decoder.conv_out.bias', (data) => data.fill(0.9));
  const { exitCode, failed } = await checksOf('--against', modelDir);
  expect(exitCode).toBe(1);
  expect(failed).toMatchObject([
    { name: `picture against ${modelDir}`, detail: expect.stringMatching(/^PSNR \d+\.\d dB, at least 20 expected$/) },
  ]);
});
