import { addNoise, type NoiseSchedule } from '../diffusion/noise-schedule.ts';
import type { FloatTensor } from '../runtime/session.ts';
import type { Random } from './random.ts';

/** What a UNet is shown of clean latents, and what it is to find. */
export type NoisedBatch = { latents: FloatTensor; noise: FloatTensor; timestep: FloatTensor };

/**
 * Noises each sample of clean latents [n, channels, h, w] at a random timestep (Ho et al. 2020). `offset` adds as much noise again that is the
 * same over a whole channel, without which a model cannot make pictures much darker or lighter than the mean. `chooseTimestep` draws from all of
 * them alike when left out.
 */
export function noiseLatents(
  clean: Float32Array,
  shape: readonly number[],
  schedule: NoiseSchedule,
  random: Random,
  { offset = 0, chooseTimestep = ({ integer }: Random) => integer(schedule.trainTimesteps) } = {},
): NoisedBatch {
  const [count, channels] = shape;
  const channelSize = clean.length / count / channels;
  const latents = new Float32Array(clean.length);
  const noise = Float32Array.from(clean, () => random.normal());
  const timesteps = Float32Array.from({ length: count }, () => chooseTimestep(random));
  for (let start = 0; offset > 0 && start < clean.length; start += channelSize) {
    const shift = offset * random.normal();
    for (let i = start; i < start + channelSize; i++) noise[i] += shift;
  }
  for (let n = 0; n < count; n++) {
    const [from, to] = [n * channels * channelSize, (n + 1) * channels * channelSize];
    latents.set(addNoise(schedule, clean.subarray(from, to), noise.subarray(from, to), timesteps[n]), from);
  }
  return {
    latents: { data: latents, shape },
    noise: { data: noise, shape },
    timestep: { data: timesteps, shape: [count] },
  };
}

/**
 * What the noise loss of each timestep counts for: 1/√SNR, scaled to a mean of 1 (Yu et al. 2023, “Debias the Training of Diffusion Models”).
 * Unweighted, nearly pure noise counts for next to nothing, and that is where a thing's outline is decided.
 */
export function debiasedWeights({ alphasCumprod }: NoiseSchedule): Float32Array {
  const inverseRoots = Float32Array.from(alphasCumprod, (alpha) => Math.sqrt((1 - alpha) / alpha));
  const mean = inverseRoots.reduce((sum, value) => sum + value, 0) / inverseRoots.length;
  return inverseRoots.map((value) => value / mean);
}
