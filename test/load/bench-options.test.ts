import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadModel } from '../../gpu-worker/ml/elite/load-model.ts';
import { networkGraphs } from '../../gpu-worker/ml/elite/network-graphs.ts';
import { primitive } from '../../gpu-worker/ml/graph/op-sets/primitive.ts';
import { modelDir, reference, referenceDir } from '../parity/reference.ts';
import { measureShortcuts } from './bench-options.ts';
import { countFlops } from './count-flops.ts';

it('a shortcut costs the rows it computes, and its distance is that of its pictures', async () => {
  const model = await loadModel(modelDir, { threads: 1 });
  const [picture] = reference.pictures_order;
  const photo = readFileSync(join(referenceDir, `pictures/${picture}.png`));
  const run = { sampler: 'lms', steps: 10 } as const;
  const { measured, otherSeedDb } = await measureShortcuts(
    model,
    { photo, mask: null, prompt: 'a photo of a S*', seeds: 2 },
    run,
    [run, { ...run, guidanceInterval: [0, 0.6] }, { ...run, reuse: 2 }, { ...run, steps: 5 }],
  );
  await model.release();

  const { unet, shallowUNet } = networkGraphs(model.config, primitive);
  const size = model.description.defaults;
  const shallow = countFlops(shallowUNet(size), 1) / countFlops(unet(size), 1);
  expect(measured.map(({ cost }) => cost)).toEqual([1, (12 + 4) / 20, expect.closeTo((1 + shallow) / 2), 0.5]);
  const [same, ...others] = measured.map(({ psnrDb }) => psnrDb);
  expect(same).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  for (const psnrDb of others.flat()) {
    expect(psnrDb).toBeGreaterThan(otherSeedDb);
    expect(psnrDb).toBeLessThan(100);
  }
});
