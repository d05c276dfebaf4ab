import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { referenceDir } from '../parity/reference.ts';
import { startProgram } from './processes.ts';

vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let outDir: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'elite-demo-'));
  outDir = join(folder, 'out');
});

afterAll(() => rm(folder, { recursive: true }));

test('the demo draws one photo as each prompt says, lays the pictures side by side and says how long it took', async () => {
  const args = ['--prompt', 'a S* in the snow', '--prompt', 'a red S*', '--steps', '4', '--out', outDir];
  const { code, stdout, stderr } = await startProgram('demo', args).finished;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect((await readdir(outDir)).sort()).toEqual([
    'contact-sheet.png',
    'image-0.png',
    'image-1.png',
    'mask.png',
    'photo.webp',
  ]);
  const sheet = await sharp(join(outDir, 'contact-sheet.png')).metadata();
  expect(sheet).toMatchObject({ width: 8 + 4 * (256 + 8), height: 256 + 16 }); // photo, mask and two images
  expect(stdout).toMatch(/2 images of 4 steps +\d+\.\d\d s/);
});

test('the demo takes a photo with its mask, and draws so many pictures of a prompt', async () => {
  const picture = (name: string) => join(referenceDir, 'pictures', name);
  const photo = ['--image', picture('vase.png'), '--mask', picture('vase_bg.png')];
  const args = [...photo, '--prompt', 'a S*', '--images', '2', '--steps', '2', '--out', join(folder, 'own')];
  const { code, stdout, stderr } = await startProgram('demo', args).finished;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toMatch(/2 images of 2 steps/);
  const vase = await sharp(picture('vase.png'))
    .resize(256, 256, { fit: 'contain', background: 'white' })
    .png()
    .toBuffer();
  const ofVase = await sharp(vase).stats();
  const onSheet = { left: 8, top: 8, width: 256, height: 256 };
  const sheet = await sharp(join(folder, 'own', 'contact-sheet.png'))
    .extract(onSheet)
    .png()
    .toBuffer();
  const { channels } = await sharp(sheet).stats();
  ofVase.channels.forEach(({ mean }, index) => {
    expect(channels[index].mean).toBeCloseTo(mean, -1);
  });
});

test('the demo fails with the words of the service', async () => {
  const { code, stderr } = await startProgram('demo', ['--steps', '100000', '--out', outDir]).finished;
  expect(code).toBe(1);
  expect(stderr).toMatch(/the demo failed: .*validation_failed: .*steps must be 1 to 250, got 100000/);
});

test('the demo fails without a stack when an argument is wrong', async () => {
  const { code, stderr } = await startProgram('demo', ['--imgae', 'photo.jpg']).finished;
  expect(code).toBe(1);
  expect(stderr).toMatch(/the demo failed: .*--imgae/);
  const alone = await startProgram('demo', ['--mask', 'mask.png']).finished;
  expect(alone.code).toBe(1);
  expect(alone.stderr).toContain('--mask: expected --image with it, got none');
});
