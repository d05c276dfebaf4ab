import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openImageBoxes, openImageSegments } from '../../../../gpu-worker/ml/training/photos/open-images.ts';
import { openPhotoFolder } from '../../../../gpu-worker/ml/training/photos/photo-folder.ts';
import { createRandom } from '../../../../gpu-worker/ml/training/random.ts';
import { referenceDir } from '../../../parity/reference.ts';

const pictures = join(referenceDir, 'pictures');
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'photos-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

/** A grey picture, or a mask with a white box. */
const flat = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#777' } })
    .jpeg()
    .toBuffer();
const boxMask = (width: number, height: number, box: { left: number; top: number; width: number; height: number }) =>
  sharp({ create: { width, height, channels: 3, background: '#000' } })
    .composite([
      { input: { create: { width: box.width, height: box.height, channels: 3, background: '#fff' } }, ...box },
    ])
    .png()
    .toBuffer();

describe('a folder of photos', () => {
  test('cuts each photo to its mask and a margin, the whole object inside', async () => {
    const source = await openPhotoFolder(pictures, { masks: 'required' });
    expect(source.count).toBe(2);
    for (let index = 0; index < source.count; index++) {
      const { picture, mask } = await source.read(index, createRandom(index));
      expect([mask!.width, mask!.height]).toEqual([picture.width, picture.height]);
      const edge = Array.from({ length: picture.width }, (_, x) => mask!.object[x]);
      expect(Math.max(...edge)).toBe(0);
    }
  });

  test('takes a photo without a mask whole, unless masks are required', async () => {
    await copyFile(join(pictures, 'vase.png'), join(folder, 'vase.png'));
    const source = await openPhotoFolder(folder, { masks: 'optional' });
    const { picture, mask } = await source.read(0, createRandom(1));
    expect([picture.width, picture.height, mask]).toEqual([300, 448, null]);
    await expect(openPhotoFolder(folder, { masks: 'required' })).rejects.toThrow('vase_bg.png among 1 is missing');
  });

  test('without photos is refused', async () => {
    await expect(openPhotoFolder(folder, { masks: 'optional' })).rejects.toThrow('expected photos');
  });
});

describe('Open Images', () => {
  test('boxes: keeps those of a sensible size and cuts with a margin of 10 pixels', async () => {
    const columns = 'ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax';
    const rows = ['a,x,/m/1,1,0.25,0.75,0.5,1', 'a,x,/m/1,1,0,0.1,0,0.1', 'a,x,/m/1,1,0,1,0,1'];
    await put('annotations/oidv6-train-annotations-bbox.csv', [columns, ...rows].join('\n'));
    await put('images/train/a.jpg', await flat(200, 100));
    const source = await openImageBoxes(folder, 'train');
    expect(source.count).toBe(1);
    const { picture } = await source.read(0, createRandom(1));
    expect([picture.width, picture.height]).toEqual([120, 60]);
  });

  test('segments: skips objects that are small or long, and fits the mask to its photo', async () => {
    const columns = 'MaskPath,ImageID,LabelName,BoxID,BoxXMin,BoxXMax,BoxYMin,BoxYMax,PredictedIoU,Clicks';
    const row = (name: string) => `a_${name}.png,a,/m/1,b,0,1,0,1,0.9,`;
    await put('annotations/train-annotations-object-segmentation.csv', [columns, row('long'), row('good')].join('\n'));
    await put('images/train/a.jpg', await flat(400, 400));
    await put('segs/train/a_long.png', await boxMask(200, 200, { left: 10, top: 10, width: 150, height: 60 }));
    await put('segs/train/a_good.png', await boxMask(200, 200, { left: 50, top: 40, width: 60, height: 80 }));
    const source = await openImageSegments(folder, 'train');
    const { picture, mask } = await source.read(0, createRandom(1));
    expect(mask!.object.reduce((sum, value) => sum + value, 0)).toBe(120 * 160);
    expect(picture.width).toBeGreaterThanOrEqual(140);
    expect(picture.width).toBeLessThanOrEqual(158);
  });

  test('without a usable box is refused', async () => {
    await put('annotations/validation-annotations-bbox.csv', 'ImageID,XMin,XMax,YMin,YMax\na,0,0.1,0,0.1');
    await expect(openImageBoxes(folder, 'validation')).rejects.toThrow('expected boxes of 0.02 to 0.8');
  });
});
