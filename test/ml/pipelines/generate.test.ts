import { afterAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../../gpu-worker/ml/elite/load-model.ts';
import type { PredictNoise } from '../../../gpu-worker/ml/elite/unet-rows.ts';
import { type GenerateProgress, type GenerateRequest, generate } from '../../../gpu-worker/ml/pipelines/generate.ts';
import { PromptError } from '../../../gpu-worker/ml/text/encode-prompt.ts';
import { MAX_SEED } from '../../../shared/generation.ts';
import { SAMPLERS } from '../../../shared/model-description.ts';
import { modelDir } from '../../parity/reference.ts';
import { featureLayers } from '../../parity/reference-model.ts';
import { referenceRequest } from './reference-request.ts';

const model = await loadModel(modelDir, { featureLayers, threads: 1 });
afterAll(() => model.networks.release());

const request = referenceRequest(model);

type Options = Parameters<typeof generate>[2];

async function run(changes: Partial<GenerateRequest> = {}, options: Options = {}) {
  const events: GenerateProgress[] = [];
  const progress = generate(model, { ...request, ...changes }, options);
  for (;;) {
    const { done, value } = await progress.next();
    if (done) return { images: value, events };
    events.push(value);
  }
}

/** Rows of different batches differ by the order of float32 sums: at most one level, nearly nowhere. */
function expectSamePicture(actual: Uint8Array, expected: Uint8Array): void {
  const differences = actual.map((value, i) => Math.abs(value - expected[i]));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
  expect(differences.filter((d) => d > 0).length / differences.length).toBeLessThan(1e-3);
}

describe('generate', () => {
  it('reports the prompt, each step and each picture, in order', async () => {
    const { events } = await run({ numImages: 2 });
    expect(events).toEqual([
      { type: 'prompt', truncated: false },
      ...[1, 2, 3, 4].map((step) => ({ type: 'step', step, steps: 4 })),
      { type: 'decoded', index: 0 },
      { type: 'decoded', index: 1 },
    ]);
  });

  it('gives image i the picture that seed + i gives alone', async () => {
    const together = await run({ numImages: 3, seed: 40 });
    expect(together.images.map(({ seed }) => seed)).toEqual([40, 41, 42]);
    for (const { seed, rgb } of together.images) {
      const alone = await run({ seed });
      expectSamePicture(rgb, alone.images[0].rgb);
    }
  });

  it('leaves the unconditional row out of the steps beyond the guidance interval', async () => {
    const rows: number[] = [];
    const predictNoise: PredictNoise = (size, batch) => {
      rows.push(batch.length);
      return model.networks.predictNoise(size, batch);
    };
    await run({ steps: 5, guidanceInterval: [0.2, 0.6] }, { predictNoise });
    expect(rows).toEqual([1, 2, 2, 1, 1]);
  });

  it('draws without guidance where the interval is empty', async () => {
    const empty = await run({ guidanceInterval: [0, 0] });
    const unguided = await run({ guidanceScale: 1 });
    expect(empty.images).toEqual(unguided.images);
  });

  it('goes on from 0 behind the last seed', async () => {
    const { images } = await run({ numImages: 2, seed: MAX_SEED, steps: 1 });
    expect(images.map(({ seed }) => seed)).toEqual([MAX_SEED, 0]);
  });

  it('gives the same bytes for the same request', async () => {
    const [first, second] = [await run(), await run()];
    expect(first.images[0].rgb).toEqual(second.images[0].rgb);
  });

  it.each(SAMPLERS)('draws a picture with %s', async (sampler) => {
    const { images } = await run({ sampler });
    expect(images[0].rgb).toHaveLength(request.width * request.height * 3);
    expect(new Set(images[0].rgb).size).toBeGreaterThan(50);
  });

  it('draws each size the model describes', async () => {
    for (const size of model.description.sizes) {
      const { images } = await run({ ...size, steps: 1 });
      expect(images[0].rgb).toHaveLength(size.width * size.height * 3);
    }
  });

  it('depends on the concept, its words, its strength, the prompt and the negative prompt', async () => {
    const [base] = (await run()).images;
    const [concept] = request.concepts;
    const other = { ...concept.embedding, words: concept.embedding.words.map((value) => -value) };
    const variants: Partial<GenerateRequest>[] = [
      { concepts: [{ ...concept, embedding: other }] },
      { concepts: [{ ...concept, words: 'all' }] },
      { concepts: [{ ...concept, words: 2 }] },
      { concepts: [{ ...concept, strength: 0 }] },
      { prompt: 'a photo of S*' },
      { negativePrompt: 'a dog' },
      { seed: 8 },
    ];
    for (const variant of variants) expect((await run(variant)).images[0].rgb).not.toEqual(base.rgb);
  });

  it('runs both rows of guidance in one call, and only one row without guidance', async () => {
    const rowCounts: number[] = [];
    const predictNoise: PredictNoise = (size, rows) => {
      rowCounts.push(rows.length);
      return model.networks.predictNoise(size, rows);
    };
    await run({ steps: 2 }, { predictNoise });
    await run({ steps: 2, guidanceScale: 1 }, { predictNoise });
    expect(rowCounts).toEqual([2, 2, 1, 1]);
  });

  it('says that a long prompt was cut, and refuses one whose cut loses the placeholder', async () => {
    const { events } = await run({ prompt: `a S* ${'in the snow '.repeat(50)}`, steps: 1 });
    expect(events[0]).toEqual({ type: 'prompt', truncated: true });
    await expect(run({ prompt: `${'snow '.repeat(100)} S*` })).rejects.toThrow(PromptError);
  });

  it('stops within a step when it is aborted, and runs nothing afterwards', async () => {
    const abort = new AbortController();
    let calls = 0;
    const predictNoise: PredictNoise = (size, rows) => {
      calls++;
      if (calls === 2) abort.abort(new Error('cancelled'));
      return model.networks.predictNoise(size, rows);
    };
    await expect(run({ steps: 50 }, { signal: abort.signal, predictNoise })).rejects.toThrow('cancelled');
    expect(calls).toBe(2);
  });

  it('stops when its caller stops listening', async () => {
    let calls = 0;
    const predictNoise: PredictNoise = (size, rows) => {
      calls++;
      return model.networks.predictNoise(size, rows);
    };
    for await (const event of generate(model, { ...request, steps: 50 }, { predictNoise })) {
      if (event.type === 'step') break;
    }
    const after = calls;
    await new Promise(setImmediate);
    expect(calls).toBe(after);
    expect(calls).toBeLessThan(5);
  });
});
