import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outputScales, quantiseTensor, quantiseWeight } from '../../../gpu-worker/ml/weights/quantise-weight.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../../gpu-worker/ml/weights/safetensors.ts';

const weights = (length: number) =>
  fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 }), {
    minLength: length,
    maxLength: length,
  });

describe('a quantised weight', () => {
  it('is by formula: w / (max|w| of its output / 127), halves away from zero', () => {
    const weight = Float32Array.of(127, 2.5, -2.5, 0.4, /* second output */ 0.5, -2, 1, 0.25);
    expect(outputScales(weight, 2)).toEqual(Float32Array.of(1, 2 / 127));
    const numbers = quantiseWeight(weight, [2, 4]); // outputs are its columns
    expect([...numbers]).toEqual([127, 32, 3, -127, -3, 64, 0, 16]);
  });

  it('of a convolution lies by kernel position, then input, then output', () => {
    const [out, inChannels, height, width] = [2, 3, 2, 2];
    const at = (o: number, i: number, y: number, x: number) => ((o * inChannels + i) * height + y) * width + x;
    const weight = new Float32Array(out * inChannels * height * width).fill(127);
    weight[at(1, 2, 1, 0)] = -50;
    const numbers = quantiseWeight(weight, [out, inChannels, height, width]);
    const position = 1 * width + 0;
    expect(numbers.indexOf(-50)).toBe((position * inChannels + 2) * out + 1);
  });

  it('is at most half a step from what it was, and uses no −128', () => {
    fc.assert(
      fc.property(weights(12), (values) => {
        const weight = Float32Array.from(values);
        const scales = outputScales(weight, 3);
        const numbers = quantiseWeight(weight, [3, 4]);
        for (let output = 0; output < 3; output++) {
          for (let input = 0; input < 4; input++) {
            const number = numbers[input * 3 + output];
            const error = Math.abs(number * scales[output] - weight[output * 4 + input]);
            expect(error).toBeLessThanOrEqual((scales[output] / 2) * (1 + 1e-5));
            expect(number).toBeGreaterThanOrEqual(-127);
          }
        }
      }),
    );
  });

  it('of zeros is zeros, with a scale that is a number', () => {
    expect(outputScales(new Float32Array(4), 2)).toEqual(Float32Array.of(1, 1));
    expect([...quantiseWeight(new Float32Array(4), [2, 2])]).toEqual([0, 0, 0, 0]);
  });

  it('is two tensors: the numbers under its name, the scales beside them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'quantise-'));
    const file = join(folder, 'weights.safetensors');
    writeSafetensors(file, new Map([['proj.weight', { shape: [2, 1], data: Float32Array.of(4, -8) }]]));
    const tensors = quantiseTensor('proj.weight', readSafetensorsIndex(file).get('proj.weight')!, [1, 2]);
    expect(tensors.map(({ read, ...tensor }) => ({ ...tensor, data: read() }))).toEqual([
      { name: 'proj.weight', dtype: 'I8', shape: [1, 2], data: Int8Array.of(127, -127) },
      { name: 'proj.weight_scale', dtype: 'F32', shape: [2], data: Float32Array.of(4 / 127, 8 / 127) },
    ]);
    rmSync(folder, { recursive: true });
  });
});
