import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImageError } from '../../../gpu-worker/ml/image/image-error.ts';
import type { Mask, Picture } from '../../../gpu-worker/ml/image/picture.ts';
import { cropObject } from '../../../gpu-worker/ml/segmentation/crop-object.ts';
import { openSegmenter, type Segmenter } from '../../../gpu-worker/ml/segmentation/segmenter.ts';
import { writeTinySegmentation } from './tiny-segmentation.ts';

type Box = { left: number; top: number; right: number; bottom: number };

const folder = mkdtempSync(join(tmpdir(), 'segmenter-'));
const file = join(folder, 'segmentation.onnx');
let segmenter: Segmenter;
beforeAll(async () => {
  writeTinySegmentation(file);
  segmenter = await openSegmenter(file, { threads: 1 });
});
afterAll(async () => {
  await segmenter.release();
  rmSync(folder, { recursive: true });
});

/** A grey photo with a red box in it. */
function photoOf(width: number, height: number, { left, top, right, bottom }: Box): Picture {
  const isBox = (x: number, y: number) => x >= left && x < right && y >= top && y < bottom;
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return isBox(pixel % width, Math.floor(pixel / width)) ? [230, 20, 20][i % 3] : 90;
  });
  return { width, height, rgb };
}

/** How much of either mask is in both. */
function overlap(mask: Mask, box: Box): number {
  let [both, either] = [0, 0];
  for (let y = 0; y < mask.height; y++) {
    for (let x = 0; x < mask.width; x++) {
      const expected = x >= box.left && x < box.right && y >= box.top && y < box.bottom;
      const actual = mask.object[y * mask.width + x] === 1;
      if (expected && actual) both++;
      if (expected || actual) either++;
    }
  }
  return both / either;
}

describe('finding the object', () => {
  it.each([
    ['smaller than the network’s input', 200, 120, { left: 40, top: 30, right: 90, bottom: 80 }],
    ['larger, and upright', 500, 900, { left: 300, top: 100, right: 450, bottom: 700 }],
  ])('marks it in a photo %s, in the photo’s own pixels', async (_, width, height, box) => {
    const mask = await segmenter.findObject(photoOf(width, height, box));
    expect(mask).toMatchObject({ width, height });
    expect(overlap(mask, box)).toBeGreaterThan(0.95);
  });

  it('marks the same whether the photo is dark or bright', async () => {
    const box = { left: 40, top: 30, right: 90, bottom: 80 };
    const bright = photoOf(200, 120, box);
    const dark = { ...bright, rgb: bright.rgb.map((level) => Math.round(level / 3)) };
    expect(overlap(await segmenter.findObject(dark), box)).toBeGreaterThan(0.95);
  });

  it('says so where nothing stands out', async () => {
    const plain = photoOf(64, 64, { left: 0, top: 0, right: 0, bottom: 0 });
    await expect(segmenter.findObject(plain)).rejects.toThrow(ImageError);
    await expect(segmenter.findObject(plain)).rejects.toMatchObject({ code: 'mask_empty' });
  });
});

describe('a file is refused, by name,', () => {
  it('that is no ONNX model', async () => {
    const broken = join(folder, 'broken.onnx');
    writeFileSync(broken, 'not a model');
    await expect(openSegmenter(broken)).rejects.toThrow(/broken\.onnx: ONNX Runtime cannot load it/);
  });

  it('whose network has another form', async () => {
    const small = join(folder, 'small.onnx');
    writeTinySegmentation(small, 256);
    await expect(openSegmenter(small)).rejects.toThrow(
      /small\.onnx: expected one input, float32 \[1, 3, 320, 320\], got float32 \[1, 3, 256, 256\]/,
    );
  });
});

describe('cropping to the object', () => {
  const maskOf = (width: number, height: number, box: Box): Mask => {
    const object = new Uint8Array(width * height);
    for (let y = box.top; y < box.bottom; y++) object.fill(1, y * width + box.left, y * width + box.right);
    return { width, height, object };
  };
  const crop = (width: number, height: number, box: Box) =>
    cropObject(photoOf(width, height, box), maskOf(width, height, box));

  it('makes a square with the whole object in the middle', () => {
    const { photo, mask } = crop(400, 300, { left: 150, top: 100, right: 210, bottom: 200 });
    expect(photo).toMatchObject({ width: 120, height: 120 });
    expect(mask).toEqual(maskOf(120, 120, { left: 30, top: 10, right: 90, bottom: 110 }));
    expect([...photo.rgb.subarray(0, 3)]).toEqual([90, 90, 90]);
    expect([...photo.rgb.subarray((60 * 120 + 60) * 3).subarray(0, 3)]).toEqual([230, 20, 20]);
  });

  it('stays inside the photo', () => {
    const { mask } = crop(400, 300, { left: 0, top: 250, right: 50, bottom: 300 });
    expect(mask).toEqual(maskOf(60, 60, { left: 0, top: 10, right: 50, bottom: 60 }));
  });

  it('keeps as much as there is where the photo is too small for a square', () => {
    const { photo } = crop(400, 100, { left: 10, top: 0, right: 390, bottom: 100 });
    expect(photo).toMatchObject({ width: 400, height: 100 });
  });
});
