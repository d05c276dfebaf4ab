import { cpSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeFolder } from '../../gpu-worker/ml/elite/load-model.ts';
import { modelDir } from '../parity/reference.ts';
import { elite } from './elite.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inspect-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('of a model folder', () => {
  it('tells what it can do and how it is stored', async () => {
    const { stdout, exitCode } = await elite(['inspect', modelDir, '--json']);
    const { model, networks } = JSON.parse(stdout);
    expect(exitCode).toBe(0);
    expect(model).toEqual(describeFolder(modelDir).description);
    expect(networks.map(({ name }: { name: string }) => name).sort()).toEqual(
      ['unet', 'vae', 'text_encoder', 'vision_encoder', 'global_mapper', 'local_mapper'].sort(),
    );
    expect(networks).toContainEqual(
      expect.objectContaining({ name: 'global_mapper', dtypes: ['float32'], files: ['global_mapper.pt'] }),
    );
  });

  it('takes it from the environment when none is named', async () => {
    const { stdout } = await elite(['inspect'], { env: { MODEL_DIR: modelDir } });
    expect(stdout).toContain(describeFolder(modelDir).description.fingerprint);
  });

  it('fails on weights that do not fit its configuration, naming them', async () => {
    cpSync(modelDir, folder, { recursive: true });
    cpSync(join(folder, 'vae/diffusion_pytorch_model.safetensors'), join(folder, 'local_mapper.safetensors'));
    const { exitCode, stderr } = await elite(['inspect', folder]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/local_mapper\/mapping_0\.0\.weight: missing, expected \[64, 48\]/);
    expect(stderr).toMatch(/local_mapper\/decoder\.conv_in\.bias: extra, \[32\] in /);
  });

  it('fails on a file cut short, naming it', async () => {
    cpSync(modelDir, folder, { recursive: true });
    truncateSync(join(folder, 'vae/diffusion_pytorch_model.safetensors'), 50_000);
    const { exitCode, stderr } = await elite(['inspect', folder]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/vae\/diffusion_pytorch_model\.safetensors: the tensors take \d+ bytes, the file holds/);
  });
});

it('of a weight file lists every tensor', async () => {
  const { stdout } = await elite(['inspect', join(modelDir, 'local_mapper.pt')]);
  expect(stdout).toMatch(/^mapping_0\.0\.weight +float32 +\[64, 48\] +12\.3 kB$/m);
});
