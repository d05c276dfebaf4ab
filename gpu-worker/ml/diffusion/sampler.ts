/**
 * A picture's best guess from a noisy one: x = picture + σ·noise → the picture (Karras et al. 2022, D(x; σ)). `step` counts the sampler's calls
 * from 0, one a step.
 */
export type Denoise = (x: Float32Array, sigma: number, step: number) => Promise<Float32Array>;

export type SamplerOptions = {
  /** Standard normal numbers, for samplers that add noise. */
  readonly noise: (count: number) => Float32Array;
  /** After each step, with how many are done and what x has become. */
  readonly onStep?: (done: number, steps: number, x: Float32Array) => void;
  /** Checked before each step. */
  readonly signal?: AbortSignal;
};

/**
 * Follows x from noise level `sigmas[0]` down to `sigmas[steps]`, which may be 0. Inputs are not changed.
 *
 * @param x picture + sigmas[0]·noise, of any shape
 * @param sigmas [steps + 1], falling
 * @throws the signal's reason when it aborts, and whatever `denoise` throws
 */
export type Sampler = (
  denoise: Denoise,
  x: Float32Array,
  sigmas: Float64Array,
  options: SamplerOptions,
) => Promise<Float32Array>;
