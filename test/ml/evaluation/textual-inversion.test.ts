import { expect, onTestFinished, test } from 'vitest';
import { openTextualInversion } from '../../../gpu-worker/ml/evaluation/textual-inversion.ts';
import { readTensor } from '../../../gpu-worker/ml/weights/read-tensor.ts';
import { referenceModel } from '../../parity/reference-model.ts';

const options = {
  batchSize: 1,
  learningRate: 0.01,
  prompts: ['a photo of a S*', 'a S*'],
  placeholder: 'S*',
  category: 'photo',
  seed: 1,
  threads: 1,
};
const photo = { width: 32, height: 32, rgb: Uint8Array.from({ length: 3 * 32 ** 2 }, (_, i) => (i * 7) % 256) };

test('starts from the plain word and moves no further than its steps allow', async () => {
  const { config, checkpoints } = referenceModel;
  const table = readTensor(checkpoints.get('text_encoder')!.get('text_model.embeddings.token_embedding.weight')!);
  const invert = async (steps: number) => {
    const inversion = await openTextualInversion(referenceModel, 32, { ...options, steps });
    onTestFinished(() => inversion.close());
    return (await inversion.invert(photo)).word;
  };
  const start = await invert(0);
  expect(start).toHaveLength(config.text.hiddenSize);
  const rows = Array.from({ length: table.length / start.length }, (_, row) => row * start.length);
  expect(rows.some((offset) => start.every((value, i) => value === table[offset + i]))).toBe(true);
  const moved = (await invert(2)).map((value, i) => Math.abs(value - start[i]));
  // AdamW moves an element by at most its learning rate a step.
  expect(Math.max(...moved)).toBeLessThanOrEqual(0.0201);
  expect(Math.min(...moved)).toBeGreaterThan(0);
});
