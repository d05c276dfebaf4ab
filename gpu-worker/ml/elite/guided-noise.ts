import { combineGuidance } from '../diffusion/guidance.ts';
import type { NoisePrediction } from '../diffusion/noise-prediction.ts';
import type { PictureSize } from '../image/picture.ts';
import type { PredictNoise, UNetRow } from './networks.ts';

/** What a row of a denoising call is told beside latents and timestep. */
export type Condition = Omit<UNetRow, 'latents' | 'timestep'>;

/**
 * Classifier-free guidance in one UNet call: `conditions` are its rows, the conditional one and behind it the unconditional one. A single
 * row is used as it is.
 */
export function guidedNoise(
  predictNoise: PredictNoise,
  size: PictureSize,
  conditions: readonly Condition[],
  guidanceScale: number,
): NoisePrediction {
  return async (latents, timestep) => {
    const rows = conditions.map((condition) => ({ ...condition, latents, timestep }));
    const [conditional, unconditional] = await predictNoise(size, rows);
    return unconditional ? combineGuidance(unconditional, conditional, guidanceScale) : conditional;
  };
}
