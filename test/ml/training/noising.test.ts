import { expect, test } from 'vitest';
import { createNoiseSchedule, SD_V1_4_SCHEDULE } from '../../../gpu-worker/ml/diffusion/noise-schedule.ts';
import { debiasedWeights, noiseLatents } from '../../../gpu-worker/ml/training/noising.ts';
import { createRandom } from '../../../gpu-worker/ml/training/random.ts';
import {
  chooseDecisive,
  chooseTimestep,
  decisiveWeight,
  remainingWeight,
} from '../../../gpu-worker/ml/training/toyland/timesteps.ts';

const schedule = createNoiseSchedule(SD_V1_4_SCHEDULE);
const weights = debiasedWeights(schedule);
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

test('weights are 1/√SNR up to a factor, 1 on average', () => {
  expect(mean(weights)).toBeCloseTo(1, 5);
  for (const timestep of [0, 300, 999]) {
    const alpha = schedule.alphasCumprod[timestep];
    const snr = alpha / (1 - alpha);
    const [atHalf] = [schedule.alphasCumprod[500]];
    expect(weights[timestep] / weights[500]).toBeCloseTo(Math.sqrt(atHalf / (1 - atHalf) / snr), 4);
  }
});

test('timesteps are drawn half of the time alike, half by weight, and what remains of the weight makes up for it', () => {
  const random = createRandom(1);
  const drawn = Array.from({ length: 20_000 }, () => chooseTimestep(random));
  const expected = mean(weights.map((weight, timestep) => timestep * (0.5 + 0.5 * weight)));
  expect(mean(drawn)).toBeGreaterThan(expected - 10); // a standard error is 2
  expect(mean(drawn)).toBeLessThan(expected + 10);
  const late = (timestep: number) => (timestep >= 800 ? remainingWeight(timestep) : 0);
  expect(mean(drawn.map(late))).toBeCloseTo(weights.slice(800).reduce((sum, weight) => sum + weight, 0) / 1000, 1);
});

test('most timesteps for patterns are those with more noise than signal but not noise alone, and none is left out', () => {
  const random = createRandom(3);
  const drawn = Array.from({ length: 20_000 }, () => chooseDecisive(random));
  const within = drawn.filter((timestep) => {
    const alpha = schedule.alphasCumprod[timestep];
    return alpha / (1 - alpha) < 0.56 && alpha / (1 - alpha) > 0.0075;
  });
  expect(within.length / drawn.length).toBeCloseTo(0.7 + 0.3 * 0.5, 1);
  expect([Math.min(...drawn) < 10, Math.max(...drawn) > 989]).toEqual([true, true]);
});

test('a timestep for patterns counts for its debiased weight, within limits', () => {
  expect([0, 700, 999].map(decisiveWeight)).toEqual([0.5, weights[700], 1.5]);
});

test('latents are noised at the timesteps that were chosen', () => {
  const clean = new Float32Array(2 * 4 * 4).fill(1);
  const { latents, noise, timestep } = noiseLatents(clean, [2, 4, 2, 2], schedule, createRandom(2), {
    chooseTimestep: () => 700,
  });
  expect([...timestep.data]).toEqual([700, 700]);
  const alpha = schedule.alphasCumprod[700];
  latents.data.forEach((value, i) => {
    expect(value).toBeCloseTo(Math.sqrt(alpha) + Math.sqrt(1 - alpha) * noise.data[i], 5);
  });
});
