import { afterAll, describe, expect, it } from 'vitest';
import { batchNoise } from '../../../gpu-worker/engine/batch-noise.ts';
import { loadModel } from '../../../gpu-worker/ml/elite/load-model.ts';
import { networkGraphs } from '../../../gpu-worker/ml/elite/network-graphs.ts';
import type { PredictNoise } from '../../../gpu-worker/ml/elite/unet-rows.ts';
import { portable } from '../../../gpu-worker/ml/graph/op-sets/portable.ts';
import { psnr } from '../../../gpu-worker/ml/image/psnr.ts';
import { follow } from '../../../gpu-worker/ml/pipelines/follow.ts';
import { type GenerateRequest, generate } from '../../../gpu-worker/ml/pipelines/generate.ts';
import { modelDir } from '../../parity/reference.ts';
import { featureLayers } from '../../parity/reference-model.ts';
import { referenceRequest } from './reference-request.ts';

const model = await loadModel(modelDir, { featureLayers, threads: 1 });
afterAll(() => model.release());

const request: GenerateRequest = { ...referenceRequest(model), steps: 7, sampler: 'dpmpp_2m_karras' };

type Options = Parameters<typeof generate>[2];

async function draw(changes: Partial<GenerateRequest>, options?: Options): Promise<Uint8Array[]> {
  return (await follow(generate(model, { ...request, ...changes }, options))).map(({ rgb }) => rgb);
}

/** The calls of a run: how many rows, and whether they reuse features. */
async function callsOf(changes: Partial<GenerateRequest>): Promise<string[]> {
  const calls: string[] = [];
  const predictNoise: PredictNoise = (size, rows) => {
    calls.push(`${rows.length} ${rows[0].deep ? 'shallow' : 'whole'}`);
    return model.networks.predictNoise(size, rows);
  };
  await draw(changes, { predictNoise });
  return calls;
}

describe('reusing deep features', () => {
  it('at every step is not reusing them, to the bit', async () => {
    expect(await draw({ reuse: 1 })).toEqual(await draw({}));
    expect(await callsOf({ reuse: 1 })).toEqual(await callsOf({}));
  });

  it('runs the whole network at every third step, from the first on', async () => {
    const [whole, shallow] = ['2 whole', '2 shallow'];
    expect(await callsOf({ reuse: 3 })).toEqual([whole, shallow, shallow, whole, shallow, shallow, whole]);
  });

  it('draws another picture, near the one that it stands in for', async () => {
    const [ordinary] = await draw({ steps: 20 });
    const [reused] = await draw({ steps: 20, reuse: 2 });
    expect(reused).not.toEqual(ordinary);
    expect(psnr(reused, ordinary)).toBeGreaterThan(20);
  });

  it('computes the unconditional row whole where guidance begins between two whole steps', async () => {
    expect(await callsOf({ steps: 6, reuse: 3, guidanceInterval: [1 / 6, 5 / 6] })).toEqual([
      '1 whole',
      '1 shallow',
      '1 whole', // it has nothing to reuse yet
      '2 shallow',
      '2 whole',
      '2 shallow',
      '1 shallow',
    ]);
  });

  it('draws several pictures as it draws each alone', async () => {
    const together = await draw({ numImages: 2, reuse: 3 });
    for (const [i, rgb] of together.entries())
      expect(psnr(rgb, (await draw({ seed: request.seed + i, reuse: 3 }))[0])).toBeGreaterThan(60);
  });

  it('gives each of several jobs, batched, what it gets alone', async () => {
    const predictNoise = batchNoise(model.networks.predictNoise, { maxRows: 8 });
    const jobs = [{ reuse: 2 }, { reuse: 3, seed: 8 }, { seed: 9 }, { reuse: 3, guidanceScale: 1 }];
    const together = await Promise.all(jobs.map((job) => draw(job, { predictNoise })));
    for (const [i, job] of jobs.entries()) {
      const [alone] = await draw(job);
      const [rgb] = together[i];
      expect(Math.max(...rgb.map((level, at) => Math.abs(level - alone[at])))).toBeLessThanOrEqual(1);
    }
  });

  it('starts again from the first step after a job was stopped, and draws the same bytes', async () => {
    const expected = await draw({ reuse: 3 });
    const stop = new AbortController();
    let calls = 0;
    const predictNoise: PredictNoise = (size, rows) => {
      if (++calls === 5) stop.abort(new Error('killed'));
      return model.networks.predictNoise(size, rows);
    };
    await expect(draw({ reuse: 3 }, { signal: stop.signal, predictNoise })).rejects.toThrow('killed');
    expect(await draw({ reuse: 3 })).toEqual(expected);
  });

  it('reads the outer layers’ weights where the whole network reads them', () => {
    const graphs = networkGraphs(model.config, portable);
    const { width, height } = request;
    const whole = graphs.unet({ width, height }).parameters;
    const outer = [...graphs.shallowUNet({ width, height }).parameters.keys()];
    expect(outer.filter((name) => !whole.has(name))).toEqual([]);
    expect(outer.length).toBeLessThan(whole.size / 2);
  });
});
