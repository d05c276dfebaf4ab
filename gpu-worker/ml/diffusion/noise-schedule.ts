/** How much noise a diffusion model was trained with, step by step. */
export type NoiseScheduleConfig = {
  readonly trainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
};

/** Stable Diffusion v1-4. */
export const SD_V1_4_SCHEDULE: NoiseScheduleConfig = { trainTimesteps: 1000, betaStart: 0.00085, betaEnd: 0.012 };

export type NoiseSchedule = {
  readonly trainTimesteps: number;
  /** ᾱ of each timestep: what is left of the picture's variance [trainTimesteps]. */
  readonly alphasCumprod: Float64Array;
  /** σ = √((1 − ᾱ) / ᾱ): the noise in units of the picture, rising with the timestep [trainTimesteps]. */
  readonly sigmas: Float64Array;
};

/**
 * The betas of latent diffusion ("scaled linear"): their square roots are evenly spaced (Rombach et al. 2022, ldm/modules/diffusionmodules/util.py).
 */
export function createNoiseSchedule({ trainTimesteps, betaStart, betaEnd }: NoiseScheduleConfig): NoiseSchedule {
  const rootStep = (Math.sqrt(betaEnd) - Math.sqrt(betaStart)) / (trainTimesteps - 1);
  let product = 1;
  const alphasCumprod = Float64Array.from({ length: trainTimesteps }, (_, t) => {
    product *= 1 - (Math.sqrt(betaStart) + t * rootStep) ** 2;
    return product;
  });
  return { trainTimesteps, alphasCumprod, sigmas: alphasCumprod.map((alpha) => Math.sqrt((1 - alpha) / alpha)) };
}

/** σ at a timestep that may be fractional, linear between its neighbours as in diffusers' LMSDiscreteScheduler. */
export function sigmaAt({ sigmas }: NoiseSchedule, timestep: number): number {
  const below = Math.floor(timestep);
  const fraction = timestep - below;
  return fraction === 0 ? sigmas[below] : sigmas[below] * (1 - fraction) + sigmas[below + 1] * fraction;
}

/**
 * The fractional timestep whose noise is `sigma`, linear in log σ as in k-diffusion's DiscreteSchedule. Beyond the ends it is the end.
 */
export function timestepAt({ sigmas }: NoiseSchedule, sigma: number): number {
  const above = sigmas.findIndex((value) => value >= sigma);
  if (above <= 0) return above < 0 ? sigmas.length - 1 : 0;
  const [low, high] = [Math.log(sigmas[above - 1]), Math.log(sigmas[above])];
  return above - 1 + (Math.log(sigma) - low) / (high - low);
}

/** √ᾱ·x₀ + √(1 − ᾱ)·noise: what the model sees in training at `timestep` (Ho et al. 2020, Eq. 4). */
export function addNoise(
  { alphasCumprod }: NoiseSchedule,
  clean: Float32Array,
  noise: Float32Array,
  timestep: number,
): Float32Array {
  const signal = Math.sqrt(alphasCumprod[timestep]);
  const spread = Math.sqrt(1 - alphasCumprod[timestep]);
  return clean.map((value, i) => signal * value + spread * noise[i]);
}
