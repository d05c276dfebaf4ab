import { describe, it } from 'vitest';
import { portable } from '../../gpu-worker/ml/graph/op-sets/portable.ts';
import { clipVisionGraph } from '../../gpu-worker/ml/models/clip-vision.ts';
import { openSession } from '../../gpu-worker/ml/runtime/session.ts';
import { expectRelative } from './compare.ts';
import { golden, reference } from './reference.ts';
import { referenceModel } from './reference-model.ts';

/** Float32 of another library: the authors' own float32 differs from float64 by 5e-6. */
const TOLERANCE = 1e-4;

const { config, checkpoints } = referenceModel;
const { imageSize, layers } = config.vision;
const states = Array.from({ length: layers + 1 }, (_, state) => state);
const graph = clipVisionGraph(config.vision, states, portable);
const session = await openSession(graph, checkpoints);
const expected = golden('vision');

async function hiddenStates(pixels: Float32Array): Promise<Float32Array[]> {
  const { features } = await session.run({ pixels: { data: pixels, shape: [1, 3, imageSize, imageSize] } });
  const size = features.data.length / states.length;
  return states.map((state) => features.data.subarray(state * size, (state + 1) * size));
}

describe.each(reference.pictures_order)('CLIP vision of %s', (picture) => {
  it.each(['clip', 'obj'])('every hidden state of pixel_values_%s', async (kind) => {
    const actual = await hiddenStates(golden('preprocess').floats(`${picture}/pixel_values_${kind}`));
    for (const state of states) {
      expectRelative(
        `CLIP vision, hidden state ${state}`,
        actual[state],
        expected.floats(`${picture}/${kind}/hidden_${state}`),
        TOLERANCE,
      );
    }
    expectRelative(
      'CLIP vision, last hidden state',
      actual[layers],
      expected.floats(`${picture}/${kind}/last_hidden_state`),
      TOLERANCE,
    );
  });
});
