import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openNetworks } from '../../../../gpu-worker/ml/elite/networks.ts';
import { portable } from '../../../../gpu-worker/ml/graph/op-sets/portable.ts';
import { shippedPlan, type ToylandPlan } from '../../../../gpu-worker/ml/training/toyland/plan.ts';
import {
  GateError,
  type ToylandProgress,
  trainToyland,
} from '../../../../gpu-worker/ml/training/toyland/train-toyland.ts';
import { openModelFolder } from '../../../../gpu-worker/ml/weights/open-model-folder.ts';

/** The whole training at a scale of seconds: the same stages on smaller networks, pictures and step counts. */
function miniaturePlan(): ToylandPlan {
  const { networks } = shippedPlan();
  const sizePx = 32;
  const encoder = { hiddenSize: 32, intermediateSize: 64, heads: 2, layers: 2 };
  return {
    characters: 16,
    sizePx,
    networks: {
      vision: { ...networks.vision, ...encoder, imageSize: sizePx },
      featureLayers: [2, 1],
      text: { ...networks.text, ...encoder },
      mapping: { patches: 16, featureSize: 32, hiddenSize: 32, wordSize: 32, words: 2 },
      unet: { ...networks.unet, blockChannels: [16, 24], blockAttention: [true, false], contextSize: 32, heads: 2 },
      vae: { ...networks.vae, blockChannels: [8, 16, 16] },
    },
    projectionSize: 32,
    vae: { steps: 60, batchSize: 8, cropPx: 16, wholeSteps: 20, wholeBatchSize: 4, learningRate: 4e-3 },
    clip: { steps: 80, batchSize: 16, learningRate: 2e-3 },
    unet: { steps: 60, fullSteps: 60, batchSize: 8, learningRate: 3e-3, averageDecay: 0.95 },
    global: { steps: 80, batchSize: 8, learningRate: 3e-3 },
    local: { steps: 80, batchSize: 8, learningRate: 3e-3 },
    gates: {},
  };
}

describe('the whole training in miniature', () => {
  const plan = miniaturePlan();
  const events: ToylandProgress[] = [];
  let folder: string;

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'toyland-')));
    for await (const event of trainToyland(folder, plan, { seed: 1, threads: 2 })) events.push(event);
  }, 180_000);
  afterAll(() => rm(folder, { recursive: true }));

  test.each(['vae', 'clip', 'unet', 'global', 'local'])('lowers the loss of stage %s', (stage) => {
    const losses = events.flatMap((event) =>
      event.kind === 'step' && event.stage === stage ? [event.losses.loss] : [],
    );
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const quarter = Math.floor(losses.length / 4);
    expect(mean(losses.slice(-quarter))).toBeLessThan(mean(losses.slice(0, quarter)));
  });

  test('leaves a model that the worker can open', async () => {
    const model = openModelFolder(join(folder, 'model'));
    expect(model.config.mapping).toEqual(plan.networks.mapping);
    const size = { width: plan.sizePx, height: plan.sizePx };
    const networks = await openNetworks(model.config, model.checkpoints, size, portable, { threads: 1 });
    await networks.release();
  });

  test('has nothing left to do when it is called again', async () => {
    for await (const event of trainToyland(folder, plan, { seed: 1, threads: 2 })) throw new Error(`did ${event.kind}`);
  });

  test('goes no further than a gate that is missed', async () => {
    const strict = { ...plan, gates: { vae: { psnrDb: 90 } } };
    await expect(trainToyland(folder, strict, { seed: 1 }).next()).rejects.toThrow(GateError);
  });
});
