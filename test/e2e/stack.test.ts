import { once } from 'node:events';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { GenerationRequest } from '../../edge/client/create-client.ts';
import type { ApiClient } from '../../infra/local/demo/api-client.ts';
import type { Stack } from '../../infra/local/stack.ts';
import type { Concept } from '../../shared/concept.ts';
import { readConceptFile } from '../../shared/concept-file.ts';
import type { Generation } from '../../shared/generation.ts';
import { end, picture, reach, startLocalStack } from './local-stack.ts';

/** Two cores may be busy with other tests, and a killed worker's message comes back after ten seconds. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let stack: Stack;
let api: ApiClient;
let log: string[];
let concept: Concept;
let request: GenerationRequest;
let ended: Generation;
let image: Uint8Array;

/** Ancestral sampling draws new noise at each step, so an image that comes out the same was made by the same run of numbers. */
beforeAll(async () => {
  ({ stack, api, log } = await startLocalStack());
  concept = await api.createConcept(await picture('creature.png'), await picture('creature_bg.png'));
  request = {
    prompt: 'a S* on the moon',
    concepts: [{ concept: concept.id }],
    seed: 7,
    steps: 100,
    sampler: 'euler_ancestral',
  };
  ended = await end(api, await api.createGeneration(request));
  image = await onlyImage(ended);
});

afterAll(() => stack?.stop());

async function onlyImage({ status, images, error }: Generation): Promise<Uint8Array> {
  expect({ status, error }).toEqual({ status: 'succeeded', error: null });
  expect(images).toHaveLength(1);
  return api.download(images[0].url);
}

describe('the stack', () => {
  test('makes a concept of a photo: its embedding, the upright photo and the mask', async () => {
    expect(concept).toMatchObject({ status: 'ready', error: null, mask_source: 'upload' });
    const model = await api.model();
    const embedding = readConceptFile(await api.download(concept.embedding_url ?? ''));
    expect(embedding).toMatchObject({ model: model.fingerprint, wordCount: model.words, ...model.embedding });
    const photo = await sharp(await api.download(concept.image_url ?? '')).metadata();
    expect(photo).toMatchObject({ format: 'webp', width: 412, height: 365 });
    const mask = await sharp(await api.download(concept.mask_url ?? '')).metadata();
    expect(mask).toMatchObject({ format: 'png', width: 412, height: 365 });
  });

  test('makes an image that says what it is', async () => {
    const { defaults, fingerprint } = await api.model();
    const { format, width, height, comments } = await sharp(image).metadata();
    expect({ format, width, height }).toEqual({ format: 'png', width: defaults.width, height: defaults.height });
    expect(Object.fromEntries(comments?.map(({ keyword, text }) => [keyword, text]) ?? [])).toMatchObject({
      Comment: 'AI-generated',
      Prompt: request.prompt,
      Seed: '7',
      Model: fingerprint,
    });
  });

  test('draws several images of one job and several jobs at once, image i with the seed of its own', async () => {
    const [pair, alone] = await Promise.all(
      [
        { ...request, seed: 6, num_images: 2, steps: 20 },
        { ...request, steps: 20 },
      ].map(async (input) => end(api, await api.createGeneration(input))),
    );
    expect(pair.images.map(({ seed }) => seed)).toEqual([6, 7]);
    const [second, same] = await Promise.all(
      [pair.images[1].url, alone.images[0].url].map(async (url) =>
        sharp(await api.download(url))
          .raw()
          .toBuffer(),
      ),
    );
    const distances = second.map((level, i) => Math.abs(level - same[i]));
    expect(Math.max(...distances)).toBeLessThanOrEqual(1);
    expect(distances.filter((distance) => distance > 0).length).toBeLessThanOrEqual(0.001 * distances.length);
  });

  test('stops a running generation when it is cancelled', async () => {
    const generation = await reach(api, await api.createGeneration(request), 1);
    await api.cancel(generation);
    expect(await end(api, generation)).toMatchObject({ status: 'canceled', images: [] });
    await expect
      .poll(() => log.find((line) => line.includes(generation.id) && line.includes('reason=ended')), {
        timeout: 30_000,
      })
      .toBeTruthy();
  });
});

describe('bad pixels end a concept as failed, with the code and nothing kept', () => {
  const plain = (background: string) =>
    sharp({ create: { width: 40, height: 30, channels: 3, background } })
      .png()
      .toBuffer();
  const animation = async () => {
    const frames = await Promise.all([plain('red'), plain('blue')]);
    return sharp(frames, { join: { animated: true } })
      .webp()
      .toBuffer();
  };
  const truncated = async () => {
    const jpeg = await sharp(await (await picture('vase.png')).bytes())
      .jpeg()
      .toBuffer();
    return jpeg.subarray(0, jpeg.length / 2);
  };

  test.each([
    ['a truncated JPEG', 'image_corrupt', truncated, null],
    ['an animation', 'image_unsupported', animation, null],
    ['a black mask', 'mask_empty', async () => (await picture('vase.png')).bytes(), () => plain('black')],
    ['a truncated mask', 'mask_corrupt', async () => (await picture('vase.png')).bytes(), truncated],
  ] as const)('%s: %s', async (_what, code, photo, mask) => {
    const failed = await api.createConcept(new Blob([await photo()]), mask && new Blob([await mask()]));
    expect(failed).toMatchObject({ status: 'failed', error: { code, retryable: false } });
    expect(failed).toMatchObject({ image_url: null, mask_url: null, embedding_url: null });
  });
});

describe('unusual pixels make a concept', () => {
  const vase = async () => sharp(await (await picture('vase.png')).bytes());

  test.each([
    ['CMYK', async () => (await vase()).toColourspace('cmyk').jpeg().toBuffer(), null],
    ['16 bit', async () => (await vase()).toColourspace('rgb16').png().toBuffer(), null],
    [
      'a mask of another size',
      async () => (await vase()).toBuffer(),
      async () => (await picture('creature_bg.png')).bytes(),
    ],
  ] as const)('%s', async (_what, photo, mask) => {
    const made = await api.createConcept(new Blob([await photo()]), mask && new Blob([await mask()]));
    expect(made).toMatchObject({ status: 'ready', error: null });
    if (made.mask_url) {
      expect(await sharp(await api.download(made.mask_url)).metadata()).toMatchObject({ width: 300, height: 448 });
    }
  });
});

describe('a generation comes to the same image', () => {
  const enginePid = () =>
    Number(/enginePid=(\d+)/.exec(log.findLast((line) => line.includes('engine started')) ?? '')?.[1]);
  /** The worker logs it only after it has told the API, which may answer first. */
  const deliveries = ({ id }: Generation) =>
    Number(/delivery=(\d+)/.exec(log.find((line) => line.includes(id) && line.includes('succeeded')) ?? '')?.[1]);

  test('when the engine is killed in the middle of it', async () => {
    const generation = await reach(api, await api.createGeneration(request), 1);
    process.kill(enginePid(), 'SIGKILL');
    expect(await onlyImage(await end(api, generation))).toEqual(image);
    await expect.poll(() => deliveries(generation), { timeout: 30_000 }).toBe(2);
  });

  test('when the worker is killed in the middle of it', async () => {
    const generation = await reach(api, await api.createGeneration(request), 1);
    const worker = stack.worker.process();
    worker.kill('SIGKILL');
    expect(await onlyImage(await end(api, generation))).toEqual(image);
    expect(stack.worker.process().pid).not.toBe(worker.pid);
  });

  test('by the same worker, when that is told to end in the middle of it', async () => {
    const generation = await reach(api, await api.createGeneration(request), 1);
    const worker = stack.worker.process();
    const exited = once(worker, 'exit');
    worker.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(await onlyImage(await end(api, generation))).toEqual(image);
    await expect.poll(() => deliveries(generation), { timeout: 30_000 }).toBe(1);
  });
});
