import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeJob } from '../../gpu-worker/engine/encode-job.ts';
import type { EliteModel } from '../../gpu-worker/ml/elite/elite-model.ts';
import { loadModel } from '../../gpu-worker/ml/elite/load-model.ts';
import { decodeMask } from '../../gpu-worker/ml/image/decode-mask.ts';
import { writeTinySegmentation } from '../ml/segmentation/tiny-segmentation.ts';
import { modelDir } from '../parity/reference.ts';

const folder = mkdtempSync(join(tmpdir(), 'encode-job-'));
let model: EliteModel;
beforeAll(async () => {
  cpSync(modelDir, folder, { recursive: true });
  writeTinySegmentation(join(folder, 'segmentation.onnx'));
  model = await loadModel(folder, { threads: 1 });
});
afterAll(async () => {
  await model.release();
  rmSync(folder, { recursive: true });
});

it('a mask that is asked for is made, and stored as large as the photo', async () => {
  expect(model.description.segmentation).toBe(true);
  const red = { create: { width: 60, height: 40, channels: 3, background: { r: 240, g: 20, b: 20 } } } as const;
  const ground = { create: { width: 200, height: 100, channels: 3, background: { r: 80, g: 80, b: 80 } } } as const;
  const box = await sharp(red).png().toBuffer();
  const photo = await sharp(ground)
    .composite([{ input: box, left: 100, top: 30 }])
    .png()
    .toBuffer();
  const encoded = await encodeJob(
    model,
    { type: 'encode', job: 'j', photo, mask: 'auto' },
    { signal: new AbortController().signal, onProgress: () => {} },
  );
  const mask = await decodeMask(encoded.mask!);
  expect(mask).toMatchObject({ width: 200, height: 100 });
  expect([mask.object[50 * 200 + 130], mask.object[50 * 200 + 30]]).toEqual([1, 0]);
});
