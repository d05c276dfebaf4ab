import { describe, expect, it } from 'vitest';
import { createNoiseSchedule, SD_V1_4_SCHEDULE } from '../../../gpu-worker/ml/diffusion/noise-schedule.ts';
import type { Denoise } from '../../../gpu-worker/ml/diffusion/sampler.ts';
import { samplers } from '../../../gpu-worker/ml/diffusion/samplers.ts';
import { torchGenerator } from '../../../gpu-worker/ml/diffusion/torch-generator.ts';
import { SAMPLERS } from '../../../shared/model-description.ts';

const schedule = createNoiseSchedule(SD_V1_4_SCHEDULE);

/** The exact denoiser of pictures drawn from a normal distribution of this deviation around 0. */
const DEVIATION = 0.5;
const denoiseNormal: Denoise = async (x, sigma) =>
  x.map((value) => value * (DEVIATION ** 2 / (DEVIATION ** 2 + sigma ** 2)));

/** Where the probability-flow ODE takes x from σ to another for such pictures: every x keeps its quantile. */
function exactEnd(start: number, from: number, to: number): number {
  return start * Math.sqrt((DEVIATION ** 2 + to ** 2) / (DEVIATION ** 2 + from ** 2));
}

const noise = torchGenerator(0).randn;

describe.each(SAMPLERS)('%s', (name) => {
  const { sample, plan, startScale } = samplers[name];

  it.each([1, 2, 3, 20, 100])('visits falling noise levels in %d steps', (steps) => {
    const { timesteps, sigmas } = plan(schedule, steps);
    expect(timesteps).toHaveLength(steps);
    expect(sigmas).toHaveLength(steps + 1);
    for (let step = 0; step < steps; step++) {
      expect(sigmas[step + 1]).toBeLessThan(sigmas[step]);
      expect(timesteps[step]).toBeGreaterThanOrEqual(0);
      expect(timesteps[step]).toBeLessThanOrEqual(schedule.trainTimesteps - 1);
    }
  });

  it('refuses a number of steps that the schedule has not', () => {
    for (const steps of [0, -1, 1.5, 1000, 10_000, Number.NaN])
      expect(() => plan(schedule, steps)).toThrow(/expected 1 to 999 steps/);
  });

  it('asks the denoiser once a step, at the noise level of that step', async () => {
    const { sigmas } = plan(schedule, 7);
    const asked: [number, number][] = [];
    await sample(
      async (x, sigma, step) => {
        asked.push([sigma, step]);
        return denoiseNormal(x, sigma, step);
      },
      Float32Array.of(1),
      sigmas,
      { noise },
    );
    expect(asked).toEqual(Array.from(sigmas.slice(0, 7), (sigma, step) => [sigma, step]));
  });

  it('reports each step once it is done, the last with the result', async () => {
    const seen: [number, number, Float32Array][] = [];
    const options = { noise, onStep: (...step: [number, number, Float32Array]) => seen.push(step) };
    const result = await sample(denoiseNormal, Float32Array.of(3, -2), plan(schedule, 4).sigmas, options);
    expect(seen.map(([done, steps]) => [done, steps])).toEqual([
      [1, 4],
      [2, 4],
      [3, 4],
      [4, 4],
    ]);
    expect(seen.at(-1)![2]).toEqual(result);
  });

  it('stops before the next step when it is aborted', async () => {
    const controller = new AbortController();
    let asked = 0;
    const denoise: Denoise = async (x, sigma, step) => {
      asked++;
      if (step === 1) controller.abort(new Error('enough'));
      return denoiseNormal(x, sigma, step);
    };
    const run = sample(denoise, Float32Array.of(1), plan(schedule, 5).sigmas, { noise, signal: controller.signal });
    await expect(run).rejects.toThrow('enough');
    expect(asked).toBe(2);
  });

  it('leaves its inputs as they are', async () => {
    const start = Float32Array.of(1, 2);
    const { sigmas } = plan(schedule, 3);
    const before = sigmas.slice();
    await sample(denoiseNormal, start, sigmas, { noise });
    expect(start).toEqual(Float32Array.of(1, 2));
    expect(sigmas).toEqual(before);
  });

  it('turns noise into pictures of the right spread', async () => {
    const run = plan(schedule, 400);
    const start = torchGenerator(5)
      .randn(4096)
      .map((value) => value * startScale(run));
    const end = await sample(denoiseNormal, start, run.sigmas, { noise: torchGenerator(6).randn });
    const deviation = Math.sqrt(end.reduce((sum, value) => sum + value ** 2, 0) / end.length);
    expect(Math.abs(deviation / DEVIATION - 1)).toBeLessThan(0.05); // 3 standard errors, and 1 % for the steps
  });
});

describe('convergence to the exact solution', () => {
  const [from, to] = [10, 0.05];
  const errorOf = async (name: (typeof SAMPLERS)[number], steps: number) => {
    const sigmas = Float64Array.from({ length: steps + 1 }, (_, i) => from * (to / from) ** (i / steps));
    const [end] = await samplers[name].sample(denoiseNormal, Float32Array.of(from), sigmas, { noise });
    return Math.abs(end / exactEnd(from, from, to) - 1);
  };

  it.each([
    { name: 'euler', order: 1 },
    { name: 'dpmpp_2m', order: 2 },
    { name: 'lms', order: 2 }, // its first steps, of lower order, bound it
  ] as const)('$name is of order $order', async ({ name, order }) => {
    const [coarse, fine] = [await errorOf(name, 24), await errorOf(name, 48)];
    expect(Math.log2(coarse / fine)).toBeGreaterThan(order - 0.25);
  });
});

describe('Karras noise levels', () => {
  it('are evenly spaced in the seventh root and end at 0', () => {
    const { sigmas } = samplers.dpmpp_2m_karras.plan(schedule, 10);
    expect(sigmas[0]).toBeCloseTo(14.6146, 3);
    expect(sigmas[9]).toBeCloseTo(0.0292, 4);
    expect(sigmas[10]).toBe(0);
    const roots = [...sigmas.slice(0, 10)].map((sigma) => sigma ** (1 / 7));
    for (let i = 2; i < 10; i++) expect(roots[i] - roots[i - 1]).toBeCloseTo(roots[1] - roots[0], 9);
  });

  it('are told to the network as the timesteps that have them', () => {
    const { timesteps, sigmas } = samplers.dpmpp_2m_karras.plan(schedule, 10);
    for (const [step, timestep] of timesteps.entries()) {
      const [below, above] = [schedule.sigmas[Math.floor(timestep)], schedule.sigmas[Math.ceil(timestep)]];
      expect(sigmas[step]).toBeGreaterThanOrEqual(below - 1e-9);
      expect(sigmas[step]).toBeLessThanOrEqual(above + 1e-9);
    }
    expect(timesteps[0]).toBeCloseTo(999, 9);
    expect(timesteps[9]).toBeCloseTo(0, 9);
  });
});
