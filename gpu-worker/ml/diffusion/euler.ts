import type { Sampler } from './sampler.ts';

/**
 * Euler's method on the probability-flow ODE dx/dσ = (x − D(x; σ)) / σ (Karras et al. 2022, Algorithm 2 without the correction and
 * without churn). It is also DDIM with η = 0, which is Euler in this variable (Song et al. 2021, Eq. 14).
 */
export const sampleEuler: Sampler = async (denoise, x, sigmas, { onStep, signal }) => {
  const steps = sigmas.length - 1;
  for (let step = 0; step < steps; step++) {
    signal?.throwIfAborted();
    const sigma = sigmas[step];
    const denoised = await denoise(x, sigma, step);
    const change = sigmas[step + 1] - sigma;
    x = x.map((value, i) => value + ((value - denoised[i]) / sigma) * change);
    onStep?.(step + 1, steps, x);
  }
  return x;
};
