import { combineGuidance } from '../diffusion/guidance.ts';
import type { NoisePrediction } from '../diffusion/noise-prediction.ts';
import type { PictureSize } from '../image/picture.ts';
import type { PredictNoise, UNetRow } from './unet-rows.ts';

/** What a row of a denoising call is told beside latents and timestep. */
export type Condition = Omit<UNetRow, 'latents' | 'timestep'>;

export type Guidance = {
  readonly scale: number;
  /** Guidance acts on the steps from this one, the first when left out, … */
  readonly from?: number;
  /** … to before this one (Kynkäänniemi et al. 2024), all when left out. */
  readonly to?: number;
};

/**
 * Classifier-free guidance in one UNet call: `conditions` are its rows, the conditional one and behind it the unconditional one, which is left
 * out of the steps that are not guided. A single row is used as it is.
 */
export function guidedNoise(
  predictNoise: PredictNoise,
  size: PictureSize,
  conditions: readonly Condition[],
  { scale, from = 0, to = Number.POSITIVE_INFINITY }: Guidance,
): NoisePrediction {
  return async (latents, timestep, step) => {
    const used = from <= step && step < to ? conditions : conditions.slice(0, 1);
    const rows = used.map((condition) => ({ ...condition, latents, timestep }));
    const [conditional, unconditional] = await predictNoise(size, rows);
    return unconditional ? combineGuidance(unconditional, conditional, scale) : conditional;
  };
}
