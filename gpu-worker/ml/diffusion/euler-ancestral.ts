import type { Sampler } from './sampler.ts';

/**
 * Euler steps that go further down than asked and add fresh noise back up (k-diffusion, sample_euler_ancestral with η = 1): ancestral
 * sampling of Ho et al. 2020 in this variable. One draw of noise a step, the last one excepted if it ends at 0.
 */
export const sampleEulerAncestral: Sampler = async (denoise, x, sigmas, { noise, onStep, signal }) => {
  const steps = sigmas.length - 1;
  for (let step = 0; step < steps; step++) {
    signal?.throwIfAborted();
    const sigma = sigmas[step];
    const denoised = await denoise(x, sigma, step);
    const { down, up } = ancestralStep(sigma, sigmas[step + 1]);
    const added = up > 0 ? noise(x.length) : undefined;
    x = x.map((value, i) => value + ((value - denoised[i]) / sigma) * (down - sigma) + (added ? up * added[i] : 0));
    onStep?.(step + 1, steps, x);
  }
  return x;
};

/** Where to step down to, and how much noise to add there, so that down² + up² = next². */
function ancestralStep(sigma: number, next: number): { down: number; up: number } {
  const up = Math.sqrt((next ** 2 * (sigma ** 2 - next ** 2)) / sigma ** 2);
  return { down: Math.sqrt(next ** 2 - up ** 2), up };
}
