import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maxAbsError } from '../../../gpu-worker/ml/evaluation/array-error.ts';
import { Graph } from '../../../gpu-worker/ml/graph/graph.ts';
import { portable } from '../../../gpu-worker/ml/graph/op-sets/portable.ts';
import { rootScope } from '../../../gpu-worker/ml/graph/scope.ts';
import { clipVision } from '../../../gpu-worker/ml/models/clip-vision.ts';
import { safetyCheckerGraph } from '../../../gpu-worker/ml/models/safety-checker.ts';
import { openSession } from '../../../gpu-worker/ml/runtime/session.ts';
import { createRandom } from '../../../gpu-worker/ml/training/random.ts';
import { readTensor } from '../../../gpu-worker/ml/weights/read-tensor.ts';
import type { WeightIndex } from '../../../gpu-worker/ml/weights/tensor-location.ts';
import { writeRandomCheckpoint } from '../random-checkpoint.ts';
import { TINY_SAFETY_CHECKER } from '../safety/tiny-safety-checker.ts';

const { vision } = TINY_SAFETY_CHECKER;
const BATCH = 2;
const TOKENS = 5;

let folder: string;
let weights: WeightIndex;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'safety-checker-'));
  weights = writeRandomCheckpoint(join(folder, 'model.safetensors'), safetyCheckerGraph(TINY_SAFETY_CHECKER, portable));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The vision transformer alone, which has its own parity tests: the class token of the last layer of each picture. */
async function classTokens(pixels: Float32Array): Promise<Float32Array[]> {
  const graph = new Graph('states');
  const at = rootScope(graph, 'safety_checker', portable).at('vision_model');
  graph.output('last', clipVision(at, at.input('pixels', ['batch', 3, 28, 28]), vision).at(-1)!);
  const session = await openSession(graph, new Map([['safety_checker', weights]]));
  const { last } = await session.run({ pixels: { data: pixels, shape: [BATCH, 3, 28, 28] } });
  await session.release();
  return Array.from({ length: BATCH }, (_, row) => last.data.slice(row * TOKENS * 16, row * TOKENS * 16 + 16));
}

const tensor = (name: string) => Float64Array.from(readTensor(weights.get(name)!));
const rowsOf = (data: Float64Array, size: number) =>
  Array.from({ length: data.length / size }, (_, row) => data.slice(row * size, (row + 1) * size));
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
const unit = (row: Float64Array) => row.map((value) => value / Math.sqrt(dot(row, row)));

function normed(token: Float32Array): Float64Array {
  const values = Float64Array.from(token);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const [scale, shift] = ['weight', 'bias'].map((name) => tensor(`vision_model.vision_model.post_layernorm.${name}`));
  return values.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * scale[i] + shift[i]);
}

describe('scores of pictures', () => {
  it.each(['special_care', 'concept'])(
    '%s: cosine of projected class token and concept, less its threshold',
    async (kind) => {
      const random = createRandom(7);
      const pixels = Float32Array.from({ length: BATCH * 3 * 28 * 28 }, () => random.normal());
      const session = await openSession(
        safetyCheckerGraph(TINY_SAFETY_CHECKER, portable),
        new Map([['safety_checker', weights]]),
      );
      const outputs = await session.run({ pixels: { data: pixels, shape: [BATCH, 3, 28, 28] } });
      await session.release();

      const projection = rowsOf(tensor('visual_projection.weight'), 16);
      const concepts = rowsOf(tensor(`${kind}_embeds`), 12);
      const thresholds = tensor(`${kind}_embeds_weights`);
      const expected = (await classTokens(pixels)).flatMap((token) => {
        const pooled = normed(token);
        const embedding = unit(Float64Array.from(projection, (row) => dot(row, pooled)));
        return concepts.map((concept, i) => dot(unit(concept), embedding) - thresholds[i]);
      });
      const scores = outputs[`${kind}_scores`];
      expect(scores.shape).toEqual([BATCH, kind === 'concept' ? 17 : 3]);
      expect(maxAbsError(scores.data, expected)).toBeLessThan(1e-5);
    },
  );
});
