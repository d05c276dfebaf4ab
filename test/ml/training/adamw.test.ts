import { expect, test } from 'vitest';
import { maxAbsError } from '../../../gpu-worker/ml/evaluation/array-error.ts';
import { adamWStep, clipGradientNorm } from '../../../gpu-worker/ml/training/adamw.ts';
import { golden } from '../../parity/reference.ts';

test("four clipped steps equal PyTorch's", () => {
  const reference = golden('adamw');
  const names = ['p0', 'p1'];
  const gather = (what: string) => Float32Array.from(names.flatMap((name) => [...reference.floats(`${name}/${what}`)]));
  const parameters = gather('init');
  const moments = { first: new Float32Array(parameters.length), second: new Float32Array(parameters.length) };
  for (let step = 0; step < 4; step++) {
    const gradient = gather(`grad_${step}`);
    const norm = clipGradientNorm(gradient, 1);
    expect(norm / reference.floats(`norm_${step}`)[0]).toBeCloseTo(1, 5);
    adamWStep(parameters, gradient, moments, { learningRate: 1e-3, step: step + 1 });
    // PyTorch rounds every product to float32, we only results: a few roundings of values around 2.
    expect(maxAbsError(parameters, gather(`after_${step}`))).toBeLessThan(1e-6);
  }
});

test('only the given range is changed', () => {
  const parameters = new Float32Array(4).fill(1);
  const moments = { first: new Float32Array(4), second: new Float32Array(4) };
  adamWStep(parameters, new Float32Array(4).fill(1), moments, { learningRate: 0.1, step: 1, from: 1, to: 3 });
  expect([...parameters].map((value) => value < 1)).toEqual([false, true, true, false]);
});

test('a gradient within the limit is left as it is', () => {
  const gradient = Float32Array.of(0.3, 0.4);
  expect(clipGradientNorm(gradient, 1)).toBeCloseTo(0.5);
  expect([...gradient]).toEqual([...Float32Array.of(0.3, 0.4)]);
});
