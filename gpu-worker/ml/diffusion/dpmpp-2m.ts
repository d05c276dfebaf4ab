import type { Sampler } from './sampler.ts';

/**
 * DPM-Solver++(2M): second-order multistep in λ = −log σ, exact in the linear part of the ODE (Lu et al. 2022, Algorithm 2; k-diffusion,
 * sample_dpmpp_2m). The first step has no past and the last one, mostly to σ = 0 where λ is infinite, uses none: both are first order.
 */
export const sampleDpmpp2m: Sampler = async (denoise, x, sigmas, { onStep, signal }) => {
  const steps = sigmas.length - 1;
  let previous: Float32Array | undefined;
  for (let step = 0; step < steps; step++) {
    signal?.throwIfAborted();
    const denoised = await denoise(x, sigmas[step], step);
    const target = previous && step < steps - 1 ? extrapolate(denoised, previous, stepRatio(sigmas, step)) : denoised;
    const kept = sigmas[step + 1] / sigmas[step]; // exp(−h)
    x = x.map((value, i) => kept * value + (1 - kept) * target[i]);
    previous = denoised;
    onStep?.(step + 1, steps, x);
  }
  return x;
};

/** r of the paper: the length of the last step over that of this one, both in λ. */
function stepRatio(sigmas: Float64Array, step: number): number {
  return Math.log(sigmas[step - 1] / sigmas[step]) / Math.log(sigmas[step] / sigmas[step + 1]);
}

function extrapolate(denoised: Float32Array, previous: Float32Array, ratio: number): Float32Array {
  const weight = 1 / (2 * ratio);
  return denoised.map((value, i) => value + weight * (value - previous[i]));
}
