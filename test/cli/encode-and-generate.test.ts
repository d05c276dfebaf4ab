import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maxRelativeError } from '../../gpu-worker/ml/evaluation/array-error.ts';
import { readConceptFile, writeConceptFile } from '../../shared/concept-file.ts';
import { golden, modelDir, reference, referenceDir } from '../parity/reference.ts';
import { elite } from './elite.ts';

const [picture] = reference.pictures_order;
const photo = join(referenceDir, `pictures/${picture}.png`);
const mask = join(referenceDir, `pictures/${picture}_bg.png`);

let folder: string;
let concept: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'generate-'));
  concept = join(folder, 'thing.safetensors');
  expect(await encode(photo, '--mask', mask, '-o', concept)).toMatchObject({ exitCode: 0 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const env = { MODEL_DIR: modelDir };
const encode = (...args: string[]) => elite(['encode', ...args, '--threads', '1'], { env });
const generate = (...args: string[]) =>
  elite(['generate', '--concept', concept, '--threads', '1', '--steps', '2', ...args], { env });
const inFolder = (name: string) => join(folder, name);

describe('elite encode', () => {
  it('writes the authors’ words and patches, and the model they fit', async () => {
    const { words, local, model } = readConceptFile(readFileSync(concept));
    expect(maxRelativeError(words, golden('mappers').floats(`${picture}/global`))).toBeLessThan(1e-4);
    expect(maxRelativeError(local, golden('mappers').floats(`${picture}/local_masked`))).toBeLessThan(1e-4);
    const { stdout } = await elite(['inspect', modelDir, '--json']);
    expect(model).toBe(JSON.parse(stdout).model.fingerprint);
  });

  it('tells what it made', async () => {
    const { stdout } = await encode(photo, '-o', inFolder('whole.safetensors'), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ words: 5, patches: 16, dim: 32, mask_source: 'none' });
  });

  it.each([
    ['a photo that is not there', [join('nowhere', 'dog.jpg')], /nowhere\/dog\.jpg: no such file/],
    ['a photo that is none', [join(modelDir, 'model_index.json')], /model_index\.json: the image cannot be decoded/],
    ['a mask that is none', [photo, '--mask', join(modelDir, 'elite.json')], /elite\.json: the mask cannot be decoded/],
    ['a place it cannot write to', [photo, '-o', '/nowhere/x.safetensors'], /\/nowhere\/x\.safetensors: no such/],
  ])('fails on %s, naming the file', async (_, args, message) => {
    const { exitCode, stderr } = await encode(...args);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });
});

describe('elite generate', () => {
  it('draws the same picture for the same seed, and says in it what it is', async () => {
    const prompt = 'a S* in the snow';
    await generate(prompt, '--seed', '7', '-o', inFolder('one.png'));
    await generate(prompt, '--seed', '7', '-o', inFolder('again.png'));
    await generate(prompt, '--seed', '8', '-o', inFolder('other.png'));
    const [one, again, other] = ['one.png', 'again.png', 'other.png'].map((name) => readFileSync(inFolder(name)));
    expect(one.equals(again)).toBe(true);
    expect(one.equals(other)).toBe(false);
    expect(one.includes('AI-generated')).toBe(true);
    expect(one.includes(prompt)).toBe(true);
  });

  it('guides only the part of the run that is asked for', async () => {
    const draw = async (...options: string[]) => {
      await generate('a S*', '--seed', '7', '-o', inFolder('guided.png'), ...options);
      return readFileSync(inFolder('guided.png'));
    };
    const [whole, all, half, none, unguided] = [
      await draw(),
      await draw('--guided-steps', '0-1'),
      await draw('--guided-steps', '0-0.5'),
      await draw('--guided-steps', '0-0'),
      await draw('--guidance', '1'),
    ];
    expect(all.equals(whole)).toBe(true);
    expect(half.equals(whole)).toBe(false);
    expect(none.equals(unguided)).toBe(true);
  });

  it('reuses features only where it is asked to', async () => {
    const draw = async (...options: string[]) => {
      await generate('a S*', '--seed', '7', '-o', inFolder('reused.png'), ...options);
      return readFileSync(inFolder('reused.png'));
    };
    const [whole, every, second] = [await draw(), await draw('--reuse', '1'), await draw('--reuse', '2')];
    expect(every.equals(whole)).toBe(true);
    expect(second.equals(whole)).toBe(false);
  });

  it('draws several of any size, named by their seeds, and tells the resolved input', async () => {
    const { stdout } = await generate(
      'a photo of a S*',
      '--images',
      '2',
      '--seed',
      '7',
      '--size',
      '96x64',
      '--format',
      'webp',
      '-o',
      inFolder('x.webp'),
      '--json',
    );
    const { images, input } = JSON.parse(stdout);
    expect(images.map(({ file }: { file: string }) => file)).toEqual([inFolder('x-7.webp'), inFolder('x-8.webp')]);
    expect(input).toMatchObject({ steps: 2, sampler: 'lms', guidance_scale: 5, prompt_truncated: false });
    expect(input.concepts[0]).toMatchObject({ strength: 0.8, words: 'primary' });
    expect(await sharp(images[1].file).metadata()).toMatchObject({ format: 'webp', width: 96, height: 64 });
  });

  it('says when the prompt lost its end', async () => {
    const { stderr } = await generate(`a S* ${'and a dog '.repeat(40)}`, '-o', inFolder('long.png'));
    expect(stderr).toBe('The prompt was longer than the model reads; its end was left out.\n');
  });

  it.each([
    ['a prompt without the concept', ['a dog'], /prompt must contain the placeholder S\*/],
    ['more steps than the model makes', ['a S*', '--steps', '999'], /steps must be 1 to 250, got 999/],
    ['a size the model has not', ['a S*', '--size', '65x64'], /must be one of 64×64, .*got 65×64/],
    ['a word there is none of', ['a S*', '--words', '5'], /concepts\.0\.words must be .* below 5; got 5/],
    ['a sampler nobody knows', ['a S*', '--sampler', 'magic'], /--sampler <name>.*magic/],
    ['features reused for too long', ['a S*', '--reuse', '11'], /--reuse <n>.*11/],
    ['a seed below zero', ['a S*', '--seed', '-1'], /--seed <n>.*-1/],
    [
      'an interval that ends before it begins',
      ['a S*', '--guided-steps', '0.5-0.2'],
      /--guided-steps .*such as 0-0\.6/,
    ],
  ])('takes %s for wrong usage', async (_, args, message) => {
    const { exitCode, stderr } = await generate(...args);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('refuses a concept of another model, and leaves nothing behind', async () => {
    const stranger = inFolder('stranger.safetensors');
    writeFileSync(stranger, writeConceptFile({ ...readConceptFile(readFileSync(concept)), model: 'another' }));
    const before = readdirSync(folder);
    const { exitCode, stderr } = await generate('a S*', '--concept', stranger, '-o', inFolder('none.png'));
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/expected a concept of model [0-9a-f]{32}, got one of another/);
    expect(readdirSync(folder)).toEqual(before);
  });
});
