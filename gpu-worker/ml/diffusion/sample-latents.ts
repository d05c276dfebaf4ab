import { denoiserOf, type NoisePrediction, toUnitVariance } from './noise-prediction.ts';
import type { SamplerOptions } from './sampler.ts';
import type { SamplingMethod } from './samplers.ts';
import type { StepPlan } from './step-plan.ts';

/**
 * One picture's way from unit noise to latents that the decoder takes (of the shape of `start`, still multiplied by the VAE's factor).
 *
 * @throws the signal's reason when it aborts, and whatever `predictNoise` throws
 */
export async function sampleLatents(
  { sample, startScale }: SamplingMethod,
  plan: StepPlan,
  start: Float32Array,
  predictNoise: NoisePrediction,
  options: SamplerOptions,
): Promise<Float32Array> {
  const scale = startScale(plan);
  const x = start.map((value) => value * scale);
  const end = await sample(denoiserOf(predictNoise, plan), x, plan.sigmas, options);
  return toUnitVariance(end, plan.sigmas[plan.sigmas.length - 1]);
}
