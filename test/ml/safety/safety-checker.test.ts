import { cpSync, mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadModel } from '../../../gpu-worker/ml/elite/load-model.ts';
import type { Picture } from '../../../gpu-worker/ml/image/picture.ts';
import { follow } from '../../../gpu-worker/ml/pipelines/follow.ts';
import { type GeneratedImage, generate } from '../../../gpu-worker/ml/pipelines/generate.ts';
import { fitSquare } from '../../../gpu-worker/ml/safety/safety-checker.ts';
import { modelDir } from '../../parity/reference.ts';
import { writeTinySafetyChecker } from './tiny-safety-checker.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'safety-'));
  cpSync(modelDir, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

async function draw(options: { safetyChecker?: boolean } = {}): Promise<GeneratedImage> {
  const model = await loadModel(folder, { threads: 1, ...options });
  const { words: wordCount, wordSize: dim, patches } = model.config.mapping;
  const words = new Float32Array(wordCount * dim).fill(0.1);
  const embedding = { words, local: new Float32Array(patches * dim), wordCount, dim, patches };
  const request = {
    prompt: 'a S*',
    concepts: [{ embedding, token: 'S*', strength: 0.6, words: 'primary' as const }],
    negativePrompt: '',
    seed: 1,
    steps: 1,
    sampler: 'ddim' as const,
    guidanceScale: 1,
    numImages: 1,
    width: 96,
    height: 64,
  };
  try {
    const [image] = await follow(generate(model, request));
    return image;
  } finally {
    await model.release();
  }
}

describe('a picture of a model', () => {
  it('without a safety checker is unchecked', async () => {
    expect((await draw()).safety).toBe('unchecked');
  });

  it('with one is judged without being asked for, and passes unchanged', async () => {
    const { rgb } = await draw();
    writeTinySafetyChecker(folder, 2); // no cosine is above it
    expect(await draw()).toMatchObject({ safety: 'passed', rgb });
  });

  it('that is flagged is black', async () => {
    writeTinySafetyChecker(folder, -2); // every cosine is above it
    const { safety, rgb } = await draw();
    expect(safety).toBe('flagged');
    expect(rgb.every((level) => level === 0)).toBe(true);
    expect(rgb).toHaveLength(96 * 64 * 3);
  });

  it('is left unjudged when nobody wants it judged', async () => {
    writeTinySafetyChecker(folder, -2);
    expect((await draw({ safetyChecker: false })).safety).toBe('unchecked');
  });
});

it('a broken safety checker is an error, not a model without one', async () => {
  writeTinySafetyChecker(folder, 0);
  truncateSync(join(folder, 'safety_checker/model.safetensors'), 3000);
  await expect(draw()).rejects.toThrow(/safety_checker\/model\.safetensors/);
});

describe('what the checker looks at', () => {
  const striped = (width: number, height: number, across: boolean): Picture => {
    const level = (i: number) => (across ? i % width : Math.floor(i / width));
    const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => level(Math.floor(i / 3)) * 2);
    return { width, height, rgb };
  };

  it('is the middle of the picture, its shorter side resized', () => {
    const wide = fitSquare(striped(96, 64, true), 64); // columns 16 to 79
    expect(wide).toMatchObject({ width: 64, height: 64 });
    expect([wide.rgb[0], wide.rgb[63 * 3]]).toEqual([32, 158]);
    const tall = fitSquare(striped(64, 96, false), 64);
    expect([tall.rgb[0], tall.rgb[63 * 64 * 3]]).toEqual([32, 158]);
    expect(fitSquare(striped(100, 50, true), 28)).toMatchObject({ width: 28, height: 28 });
  });
});
