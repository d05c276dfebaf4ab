import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UNVERIFIED_ON_CUDA } from '../../gpu-worker/ml/graph/op-sets/cuda.ts';
import { TARGETS } from '../../gpu-worker/ml/weights/model-json.ts';
import { PRECISIONS } from '../../gpu-worker/ml/weights/precision.ts';
import { modelDir } from '../parity/reference.ts';
import { elite } from './elite.ts';

let folder: string;
let built: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'build-cli-'));
  built = join(folder, 'model');
});
afterEach(() => rmSync(folder, { recursive: true }));

const build = (...options: string[]) => elite(['build', built, '--model', modelDir, ...options]);

describe('building for CUDA', () => {
  it('says which fused operators no provider has run yet', async () => {
    const { exitCode, stdout, stderr } = await build('--target', 'cuda', '--precision', 'fp16', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ folder: built, target: 'cuda', precision: 'fp16' });
    expect(stderr).toContain(UNVERIFIED_ON_CUDA.join(', '));
  });

  it('makes a model that tells what it was built for', async () => {
    await build('--target', 'cuda', '--precision', 'fp16');
    expect((await elite(['inspect', built])).stdout).toMatch(/^Built for +cuda$/m);
    expect((await elite(['inspect', modelDir])).stdout).not.toContain('Built for');
  });

  it.skipIf(existsSync('/dev/nvidia0'))('makes a model that fails where there is no CUDA, and says why', async () => {
    await build('--target', 'cuda', '--precision', 'fp16');
    const { exitCode, stdout } = await elite(['verify', '--model', built]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/✓ values: .*\n✗ load: clip_vision: expected the cuda provider to load it/);
  });
});

describe('an int8 model', () => {
  it('is built, and its picture compared with the original’s', { timeout: 90_000 }, async () => {
    const { exitCode, stdout } = await build('--int8', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ folder: built, target: 'portable', precision: 'int8' });
    expect((await elite(['inspect', built])).stdout).toMatch(/^unet .* float32, int8 /m);
    const verified = await elite(['verify', '--model', built, '--against', modelDir]);
    expect(verified.stdout).toMatch(/✓ picture against \S+: PSNR \d+\.\d dB/);
  });

  it.each([
    ['where no precision is named', [], 'expected --precision fp32 or fp16 or int8, or --int8'],
    ['where two are', ['--int8', '--precision', 'fp16'], "'--int8' cannot be used with option '--precision <name>'"],
    ['for a GPU', ['--int8', '--target', 'cuda'], 'expected --precision fp32 or fp16 for cuda, got int8'],
  ])('is not built %s', async (_, options, complaint) => {
    const { exitCode, stderr } = await build(...options);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(complaint);
    expect(existsSync(built)).toBe(false);
  });
});

it('building for any machine says nothing of CUDA', async () => {
  const { exitCode, stderr } = await build('--precision', 'fp16');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
});

it.each([
  [['--precision', 'fp8'], `Allowed choices are ${PRECISIONS.join(', ')}`],
  [['--precision', 'fp16', '--target', 'rocm'], `Allowed choices are ${TARGETS.join(', ')}`],
])('%j is wrong usage', async (options, message) => {
  const { exitCode, stderr } = await build(...options);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(message);
  expect(existsSync(built)).toBe(false);
});
