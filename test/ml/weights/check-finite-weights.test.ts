import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkFiniteWeights } from '../../../gpu-worker/ml/weights/check-finite-weights.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../../gpu-worker/ml/weights/safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'finite-'));
afterAll(() => rmSync(folder, { recursive: true }));

function check(data: Float16Array | Float32Array | Float64Array | BigInt64Array): number[] {
  const file = join(folder, 'weights.safetensors');
  const sound = { shape: [2], data: Float32Array.of(3.4e38, -1e-45) };
  writeSafetensors(
    file,
    new Map([
      ['sound', sound],
      ['suspect', { shape: [data.length], data }],
    ]),
  );
  return [...checkFiniteWeights(readSafetensorsIndex(file))];
}

describe('weights', () => {
  it('that are all numbers pass, however large or small, and every byte is read', () => {
    expect(check(Float16Array.of(65504, -6e-8, 0, -0)).at(-1)).toBe(16);
    expect(check(BigInt64Array.of(-1n)).at(-1)).toBe(16); // all bits set, and no floating point
  });

  it.each([
    ['float16', Float16Array.of(0, 1, Number.NaN)],
    ['float32', Float32Array.of(0, 1, Number.POSITIVE_INFINITY)],
    ['float64', Float64Array.of(0, 1, Number.NEGATIVE_INFINITY)],
  ])('of %s that are infinite or not numbers are refused by file, tensor and element', (_, data) => {
    expect(() => check(data)).toThrow(/weights\.safetensors: tensor "suspect" \[3\]: element 2 is infinite/);
  });

  it('behind the first chunk are counted from the beginning of the tensor', () => {
    const data = new Float32Array(3_000_000);
    data[2_999_999] = Number.NaN;
    expect(() => check(data)).toThrow(/element 2999999 /);
  });
});
