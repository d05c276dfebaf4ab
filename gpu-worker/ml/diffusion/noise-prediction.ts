import type { Denoise } from './sampler.ts';
import type { StepPlan } from './step-plan.ts';

/** The noise in latents of unit variance, of the same shape, as a network trained on it predicts. `step` counts from 0. */
export type NoisePrediction = (latents: Float32Array, timestep: number, step: number) => Promise<Float32Array>;

/**
 * Makes a denoiser of a network that predicts noise (the ε-parametrisation): the network sees x / √(σ² + 1), and D(x; σ) = x − σ·ε.
 */
export function denoiserOf(predictNoise: NoisePrediction, { timesteps }: StepPlan): Denoise {
  return async (x, sigma, step) => {
    const noise = await predictNoise(toUnitVariance(x, sigma), timesteps[step], step);
    return x.map((value, i) => value - sigma * noise[i]);
  };
}

/** x = picture + σ·noise as the network sees it, and as a run that ends above σ = 0 must be handed on. */
export function toUnitVariance(x: Float32Array, sigma: number): Float32Array {
  const scale = Math.hypot(sigma, 1);
  return x.map((value) => value / scale);
}
