import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openModelFolder } from '../../gpu-worker/ml/weights/open-model-folder.ts';
import { openWeightFile } from '../../gpu-worker/ml/weights/open-weights.ts';
import { readTensor } from '../../gpu-worker/ml/weights/read-tensor.ts';
import { modelDir, referenceDir } from '../parity/reference.ts';
import { elite } from './elite.ts';

const photos = join(referenceDir, 'pictures');
let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'train-')));
});
afterEach(() => rm(folder, { recursive: true }));

const small = ['--batch', '1', '--accumulate', '2', '--size', '32', '--threads', '1'];
const lines = async (output: string) =>
  (await readFile(join(output, 'log.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe.each(['global', 'local'] as const)('elite train %s', (stage) => {
  const train = (output: string, ...more: string[]) =>
    elite(['train', stage, photos, '--model', modelDir, '-o', output, ...small, ...more]);

  it('writes the mapper in both formats, the same weights, other than those it started from', async () => {
    const { exitCode, stderr } = await train(folder, '--steps', '2', '--learning-rate', '0.01', '--preview-every', '2');
    expect({ exitCode, stderr: stderr.includes('elite:') }).toEqual({ exitCode: 0, stderr: false });
    const [torch, safetensors] = ['pt', 'safetensors'].map((ending) =>
      openWeightFile(join(folder, `${stage}_mapper.${ending}`)),
    );
    const before = openModelFolder(modelDir).checkpoints.get(`${stage}_mapper`)!;
    expect([...torch.keys()].sort()).toEqual([...before.keys()].sort());
    for (const [key, location] of torch) {
      const trained = readTensor(location);
      expect(trained).toEqual(readTensor(safetensors.get(key)!));
      expect(trained, key).not.toEqual(readTensor(before.get(key)!));
    }
    // Two photos, each with three pictures of it.
    const { width, height } = await sharp(join(folder, 'previews', '000002.png')).metadata();
    expect([width, height]).toEqual([4 * 36 - 4, 2 * 36 - 4]);
    const [{ step, loss, denoising, penalty }] = await lines(folder);
    expect(step).toBe(2);
    expect(loss).toBeCloseTo(denoising + penalty, 3);
  });

  it('that is interrupted saves, says so, and ends as if it had not been', async () => {
    const [broken, unbroken] = [join(folder, 'broken'), join(folder, 'unbroken')];
    const steps = ['--steps', '3'];
    expect((await train(unbroken, ...steps)).exitCode).toBe(0);
    expect((await train(broken, '--steps', '1')).exitCode).toBe(0);
    expect((await train(broken, ...steps)).exitCode).toBe(0);
    const mapper = (output: string) => readFile(join(output, `${stage}_mapper.safetensors`));
    expect(await mapper(broken)).toEqual(await mapper(unbroken));

    const stopped = join(folder, 'stopped');
    const args = ['train', stage, photos, '--model', modelDir, '-o', stopped, ...small, ...steps];
    const { exitCode, stderr } = await elite(args, { signal: AbortSignal.abort() });
    expect(exitCode).toBe(130);
    expect(stderr).toContain('interrupted');
    expect(existsSync(join(stopped, 'checkpoint.safetensors'))).toBe(true);
  });
});

describe('a model folder without mappers', () => {
  beforeEach(() =>
    cp(modelDir, join(folder, 'base'), { recursive: true, filter: (path) => !path.endsWith('_mapper.pt') }),
  );

  it('starts the global stage from the UNet’s own projections', async () => {
    const output = join(folder, 'out');
    const rest = ['--model', join(folder, 'base'), '-o', output, ...small, '--steps', '1', '--learning-rate', '1e-12'];
    expect((await elite(['train', 'global', photos, ...rest])).exitCode).toBe(0);
    const mapper = openWeightFile(join(output, 'global_mapper.pt'));
    const unet = openModelFolder(modelDir).checkpoints.get('unet')!;
    const name = 'mid_block.attentions.0.transformer_blocks.0.attn2.to_k';
    const [trained, own] = [
      readTensor(mapper.get(`${name.replaceAll('.', '_')}.weight`)!),
      readTensor(unet.get(`${name}.weight`)!),
    ];
    expect(Math.max(...trained.map((value, i) => Math.abs(value - own[i])))).toBeLessThan(1e-6);
  });

  it('has nothing for the local stage to build on', async () => {
    const { exitCode, stderr } = await elite(['train', 'local', photos, '--model', join(folder, 'base'), '-o', folder]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('expected the global mapper');
  });
});

it('a wrong option of a nested command is wrong usage', async () => {
  const { exitCode, stderr } = await elite(['train', 'toyland', '--seed', 'x']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('Expected a whole number');
});
