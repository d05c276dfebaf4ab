import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openNetworks } from '../../../../gpu-worker/ml/elite/networks.ts';
import { portable } from '../../../../gpu-worker/ml/graph/op-sets/portable.ts';
import { openSession } from '../../../../gpu-worker/ml/runtime/session.ts';
import { openAlbum } from '../../../../gpu-worker/ml/training/toyland/album.ts';
import { shippedPlan, type ToylandPlan } from '../../../../gpu-worker/ml/training/toyland/plan.ts';
import { GateError, recipes, trainToyland } from '../../../../gpu-worker/ml/training/toyland/train-toyland.ts';
import { loadState } from '../../../../gpu-worker/ml/training/training-state.ts';
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
    vae: { steps: 40, batchSize: 8, cropPx: 16, wholeSteps: 10, wholeBatchSize: 4, learningRate: 4e-3 },
    clip: { steps: 50, batchSize: 16, learningRate: 2e-3 },
    reader: { steps: 30, batchSize: 16, learningRate: 3e-3 },
    unet: { steps: 40, fullSteps: 40, batchSize: 8, learningRate: 3e-3, averageDecay: 0.95 },
    global: { steps: 40, batchSize: 8, learningRate: 3e-3 },
    local: { steps: 40, batchSize: 8, learningRate: 3e-3 },
    measuredCharacters: 1,
    gates: {},
  };
}

describe('the whole training in miniature', () => {
  const plan = miniaturePlan();
  const kinds = new Set<string>();
  let folder: string;

  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'toyland-')));
    for await (const event of trainToyland(folder, plan, { seed: 1, threads: 2 })) kinds.add(event.kind);
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true }));

  // On the same batches, since the noise in a batch moves its loss more than a few steps do.
  test.each(recipes)('lowers the loss of stage $name', async ({ name, stage }) => {
    const album = await openAlbum(join(folder, 'album'));
    const { phases, initial, close } = await stage({
      plan,
      album,
      folder,
      modelFolder: join(folder, 'model'),
      seed: 1,
    });
    const { training, frozen, batchOf } = phases.at(-1)!;
    const session = await openSession(training.graph, frozen, { training: true });
    const meanLoss = async (data: Float32Array) => {
      let sum = 0;
      for (let step = 0; step < 12; step++) {
        const parameters = { data, shape: [training.layout.length] };
        sum += (await session.run({ ...(await batchOf(step, 0)), parameters })).loss.data[0];
      }
      return sum / 12;
    };
    const { parameters } = loadState(join(folder, name, 'checkpoint.safetensors'), training.layout);
    const [before, after] = [await meanLoss(initial()), await meanLoss(parameters)];
    await session.release();
    await close?.();
    album.close();
    expect(after).toBeLessThan(before);
  });

  test('draws, trains and measures', () => {
    expect([...kinds]).toEqual(['drawn', 'step', 'measured']);
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
