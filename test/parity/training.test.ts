import { afterAll, describe, expect, it } from 'vitest';
import { placeWords } from '../../gpu-worker/ml/elite/place-words.ts';
import type { Golden } from '../../gpu-worker/ml/evaluation/reference-set.ts';
import { gridSize } from '../../gpu-worker/ml/models/clip-vision.ts';
import { openSession, type Session } from '../../gpu-worker/ml/runtime/session.ts';
import { constantRate } from '../../gpu-worker/ml/training/learning-rate.ts';
import { loadInto, namedTensors } from '../../gpu-worker/ml/training/parameter-vector.ts';
import { globalStage } from '../../gpu-worker/ml/training/stages/global-stage.ts';
import { localStage } from '../../gpu-worker/ml/training/stages/local-stage.ts';
import { type Batch, train } from '../../gpu-worker/ml/training/train.ts';
import type { TrainingGraph } from '../../gpu-worker/ml/training/training-graph.ts';
import { startState } from '../../gpu-worker/ml/training/training-state.ts';
import { expectAbsolute, expectRelative } from './compare.ts';
import { golden, reference } from './reference.ts';
import { openReferenceNetworks, referenceModel } from './reference-model.ts';

/** The reference's own: float32 against float64 differs by 2e-6 in the losses. */
const LOSS_TOLERANCE = 1e-5;
/** Of a gradient: absolute, plus a share of the largest element of its tensor. */
const GRADIENT_TOLERANCE = { absolute: 1e-5, relative: 1e-3 };
/** After three steps at learning rate 1e-3. Adam divides by the size of a gradient, so where that is all rounding a step is too. */
const PARAMETER_TOLERANCE = { most: 1e-4, worst: 2e-3, share: 0.999 };

const { config, checkpoints } = referenceModel;
const size = { batchSize: 1, latentSize: reference.latent };
const networks = await openReferenceNetworks();
afterAll(() => networks.release());

type Fixture = {
  mapper: 'global_mapper' | 'local_mapper';
  expected: Golden;
  stage: TrainingGraph;
  /** What a batch holds beside latents, timestep and noise; the golden steps differ only in those. */
  conditions(expected: Golden): Promise<Batch>;
};

const prompt = (expected: Golden) => ({
  tokenIds: Int32Array.from(expected.numbers('batch/input_ids')),
  index: expected.numbers('batch/index')[0],
});
const featuresOf = async (pixels: Float32Array) => {
  const [data] = await networks.visionFeatures([pixels]);
  const { words, patches, featureSize } = config.mapping;
  return { data, shape: [1, words, patches + 1, featureSize] };
};
const integers = (data: Int32Array) => ({ data, shape: [1, data.length] });

const fixtures: Record<string, Fixture> = {
  global: {
    mapper: 'global_mapper',
    expected: golden('train_global'),
    stage: globalStage(config, size),
    async conditions(expected) {
      const { tokenIds, index } = prompt(expected);
      const wordCount = config.mapping.words;
      const placed = placeWords(tokenIds, index, [...Array(wordCount).keys()], { wordCount });
      return {
        features: await featuresOf(expected.floats('batch/pixel_values_clip')),
        token_ids: integers(placed.tokenIds),
        word_positions: integers(placed.wordPositions),
      };
    },
  },
  local: {
    mapper: 'local_mapper',
    expected: golden('train_local'),
    stage: localStage(config, size),
    async conditions(expected) {
      const { tokenIds, index } = prompt(expected);
      const wordCount = config.mapping.words;
      const features = await networks.visionFeatures([expected.floats('batch/pixel_values_clip')]);
      const words = await networks.mapGlobal(features[0]);
      const [context] = await networks.encodeText([{ ...placeWords(tokenIds, index, [0], { wordCount }), words }]);
      return {
        context: { data: context, shape: [1, config.text.positions, config.unet.contextSize] },
        placeholder_index: { data: Int32Array.of(index), shape: [1] },
        features: await featuresOf(expected.floats('batch/pixel_values_obj')),
        patch_mask: { data: patchMask(expected), shape: [1, config.mapping.patches, 1] },
        strength: { data: Float32Array.of(1), shape: [1] },
        latent_mask: { data: expected.floats('batch/mask_values'), shape: expected.shape('batch/mask_values') },
      };
    },
  },
};

/** The first channel of the mask, nearest neighbour to the patch grid. */
function patchMask(expected: Golden): Float32Array {
  const mask = expected.floats('batch/pixel_values_seg');
  const side = expected.shape('batch/pixel_values_seg').at(-1)!;
  const grid = gridSize(config.vision);
  const source = (i: number) => Math.floor((i * side) / grid);
  return Float32Array.from(
    { length: grid ** 2 },
    (_, i) => mask[source(Math.floor(i / grid)) * side + source(i % grid)],
  );
}

describe.each(Object.entries(fixtures))('training the %s stage', (name, { mapper, expected, stage, conditions }) => {
  const { layout } = stage;
  const initial = new Float32Array(layout.length);
  loadInto(initial, layout, mapper, checkpoints.get(mapper)!);
  const batchOf = async (step: number): Promise<Batch> => {
    const tensor = (name: string) => ({
      data: expected.floats(`step${step}/${name}`),
      shape: expected.shape(`step${step}/${name}`),
    });
    return {
      ...(await conditions(expected)),
      latents: tensor('noisy_latents'),
      noise: tensor('noise'),
      timestep: { data: Float32Array.from(expected.numbers(`step${step}/timesteps`)), shape: [1] },
    };
  };
  const withSession = async <T>(use: (session: Session) => Promise<T>): Promise<T> => {
    const session = await openSession(stage.graph, checkpoints, { training: true });
    try {
      return await use(session);
    } finally {
      await session.release();
    }
  };

  it('trains every weight of the mapper and no other', () => {
    const gradients = expected.names
      .filter((name) => name.startsWith('grad/'))
      .map((name) => name.slice('grad/'.length));
    expect(new Set(layout.entries.map(({ checkpoint }) => checkpoint))).toEqual(new Set([mapper]));
    expect(layout.entries.map(({ key }) => key).sort()).toEqual(gradients.sort());
  });

  it('has the gradient of every weight', async () => {
    const { gradient } = await withSession(async (session) =>
      session.run({ ...(await batchOf(0)), parameters: { data: initial, shape: [layout.length] } }),
    );
    const named = [...namedTensors(layout, gradient.data, mapper)];
    const misses = named.flatMap(([key, { data }]) => {
      const golden = expected.floats(`grad/${key}`);
      const largest = golden.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
      const error = golden.reduce((max, value, i) => Math.max(max, Math.abs(value - data[i])), 0);
      return error <= GRADIENT_TOLERANCE.absolute + GRADIENT_TOLERANCE.relative * largest
        ? []
        : [{ key, error, largest }];
    });
    expect(misses).toEqual([]);
    const golden = Float32Array.from(named.flatMap(([key]) => [...expected.floats(`grad/${key}`)]));
    expectRelative(`training ${name}, gradients of all weights`, gradient.data, golden, GRADIENT_TOLERANCE.relative);
  });

  it('has the losses and the weights of three AdamW steps', async () => {
    const state = startState(initial.slice(), { averaged: false });
    await withSession(async (session) => {
      const { steps, lr } = reference.config.train;
      for await (const { step, losses } of train(stage, [session], batchOf, state, {
        steps,
        learningRate: constantRate(lr),
      })) {
        const golden = ['loss', 'loss_mle', 'loss_reg'].map((loss) => expected.numbers(`step${step - 1}/${loss}`)[0]);
        for (const [index, ours] of [losses.loss, losses.denoising, losses.penalty].entries()) {
          expectRelative(`training ${name}, losses of three steps`, [ours], [golden[index]], LOSS_TOLERANCE);
        }
      }
    });
    const named = [...namedTensors(layout, state.parameters, mapper)];
    const golden = Float32Array.from(named.flatMap(([key]) => [...expected.floats(`param3/${key}`)]));
    const errors = golden.map((value, i) => Math.abs(value - state.parameters[i]));
    const close = errors.filter((error) => error <= PARAMETER_TOLERANCE.most).length;
    expect(close / errors.length).toBeGreaterThanOrEqual(PARAMETER_TOLERANCE.share);
    expectAbsolute(
      `training ${name}, weights after three AdamW steps`,
      state.parameters,
      golden,
      PARAMETER_TOLERANCE.worst,
    );
  });
});
