import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../gpu-worker/ml/image/decode-image.ts';
import { decodeMask } from '../../gpu-worker/ml/image/decode-mask.ts';
import { encodeImage } from '../../gpu-worker/ml/image/encode-image.ts';
import { readConceptFile } from '../../shared/concept-file.ts';
import { writeTinySegmentation } from '../ml/segmentation/tiny-segmentation.ts';
import { modelDir } from '../parity/reference.ts';
import { elite } from './elite.ts';

let folder: string;
let photo: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mask-'));
  cpSync(modelDir, inFolder('model'), { recursive: true });
  writeTinySegmentation(inFolder('model/segmentation.onnx'));
  photo = inFolder('ball.png');
  const rgb = Uint8Array.from({ length: 160 * 120 * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % 160, Math.floor(i / 3 / 160)];
    return Math.hypot(x - 50, y - 60) < 25 ? [240, 30, 30][i % 3] : 60 + (x % 40);
  });
  writeFileSync(photo, await encodeImage({ width: 160, height: 120, rgb }, 'png'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const inFolder = (name: string) => join(folder, name);
const run = (...args: string[]) => elite([...args, '--model', inFolder('model'), '--threads', '1']);

describe('elite mask', () => {
  it('writes a mask of the photo’s size, white on the thing', async () => {
    const { stdout } = await run('mask', photo, '-o', inFolder('mask.png'), '--json');
    const mask = await decodeMask(readFileSync(inFolder('mask.png')));
    expect(mask).toMatchObject({ width: 160, height: 120 });
    expect(JSON.parse(stdout).object_share).toBeCloseTo((Math.PI * 25 ** 2) / (160 * 120), 2);
    expect([mask.object[60 * 160 + 50], mask.object[10 * 160 + 150]]).toEqual([1, 0]);
  });

  it('cuts photo and mask to the thing, ready to be encoded as --mask auto does by itself', async () => {
    await run('mask', photo, '--crop', inFolder('square.png'), '-o', inFolder('square-mask.png'));
    const square = await decodeImage(readFileSync(inFolder('square.png')));
    expect(square.width).toBe(square.height);
    await run(
      'encode',
      inFolder('square.png'),
      '--mask',
      inFolder('square-mask.png'),
      '-o',
      inFolder('by-hand.safetensors'),
    );
    const { stdout } = await run('encode', photo, '--mask', 'auto', '-o', inFolder('auto.safetensors'), '--json');
    expect(JSON.parse(stdout).mask_source).toBe('auto');
    const [byHand, auto] = ['by-hand', 'auto'].map((name) =>
      readConceptFile(readFileSync(inFolder(`${name}.safetensors`))),
    );
    expect(auto).toEqual(byHand);
  });

  it('and --mask auto say what a model without segmentation lacks', async () => {
    const without = await elite(['mask', photo, '--model', modelDir]);
    expect(without).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/expected segmentation\.onnx/) });
    const auto = await elite([
      'encode',
      photo,
      '--mask',
      'auto',
      '--model',
      modelDir,
      '-o',
      inFolder('none.safetensors'),
    ]);
    expect(auto).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/no network that finds the object/) });
  });
});
