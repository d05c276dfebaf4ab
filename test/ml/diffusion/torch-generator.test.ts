import { describe, expect, it } from 'vitest';
import { mersenneTwister } from '../../../gpu-worker/ml/diffusion/mersenne-twister.ts';
import { torchGenerator } from '../../../gpu-worker/ml/diffusion/torch-generator.ts';

it('draws what the C++ standard demands of mt19937', () => {
  const next = mersenneTwister(5489);
  let last = 0;
  for (let i = 0; i < 10_000; i++) last = next();
  expect(last).toBe(4123659995); // ISO C++ [rand.predef]: the 10000th number of a default-constructed mt19937
});

/** As torch prints them: `torch.manual_seed(seed); torch.randn(count)`. */
const PRINTED = [
  { seed: 0, count: 10, start: [1.541, -0.2934, -2.1788, 0.5684, -1.0845, -1.3986, 0.4033, 0.838, -0.7193, -0.4033] },
  { seed: 42, count: 8, start: [0.3367, 0.1288, 0.2345, 0.2303, -1.1229, -0.1863, 2.2082, -0.638] },
  { seed: 0, count: 16, start: [-1.1258, -1.1524, -0.2506, -0.4339, 0.8487, 0.692, -0.316, -2.1152] },
  { seed: 42, count: 64, start: [1.9269, 1.4873, 0.9007, -2.1055, 0.6784, -1.2345, -0.0431, -1.6047] },
];

describe('randn', () => {
  it.each(PRINTED)('equals torch for seed $seed and $count numbers', ({ seed, count, start }) => {
    const values = torchGenerator(seed).randn(count);
    expect(values).toHaveLength(count);
    for (const [i, value] of start.entries()) expect(values[i]).toBeCloseTo(value, 4);
  });

  it('goes on where it stopped, as several calls on one generator do', () => {
    const once = torchGenerator(7).randn(64);
    const generator = torchGenerator(7);
    expect([...generator.randn(32), ...generator.randn(32)]).toEqual([...once]);
  });

  it('draws the last 16 of a count that is no multiple of 16 anew', () => {
    const whole = torchGenerator(7).randn(32);
    const ragged = torchGenerator(7).randn(37);
    expect(ragged.slice(0, 16)).toEqual(whole.slice(0, 16));
    expect(ragged.slice(21)).not.toEqual(whole.slice(21));
  });

  it('keeps the second number of a pair for the next short call', () => {
    const pair = torchGenerator(3).randn(4);
    const generator = torchGenerator(3);
    expect([...generator.randn(1), ...generator.randn(3)]).toEqual([...pair]);
  });

  it('has mean 0 and variance 1', () => {
    const values = torchGenerator(1).randn(100_000);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.01); // 3 standard errors
    expect(Math.abs(variance - 1)).toBeLessThan(0.0135);
  });

  it('takes seeds modulo 2³², as torch does', () => {
    expect(torchGenerator(2 ** 32 + 5).randn(16)).toEqual(torchGenerator(5).randn(16));
  });
});
