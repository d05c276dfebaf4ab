import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startProgram } from './processes.ts';

vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let outDir: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'elite-demo-'));
  outDir = join(folder, 'out');
});

afterAll(() => rm(folder, { recursive: true }));

test('the demo turns a photo into pictures, lays them side by side and says how long it took', async () => {
  const args = ['--steps', '4', '--images', '2', '--out', outDir];
  const withoutModel = { MODEL_DIR: '', XDG_CACHE_HOME: folder };
  const { code, stdout, stderr } = await startProgram('demo', args, withoutModel).finished;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect((await readdir(outDir)).sort()).toEqual(['contact-sheet.png', 'image-0.png', 'image-1.png']);
  const sheet = await sharp(join(outDir, 'contact-sheet.png')).metadata();
  expect(sheet).toMatchObject({ width: 8 + 4 * (256 + 8), height: 256 + 16 }); // photo, mask and two images
  expect(stdout).toContain('its images are noise');
  expect(stdout).toMatch(/2 images of 4 steps +\d+\.\d\d s/);
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
});
