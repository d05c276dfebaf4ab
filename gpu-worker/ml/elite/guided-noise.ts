import { combineGuidance } from '../diffusion/guidance.ts';
import type { NoisePrediction } from '../diffusion/noise-prediction.ts';
import type { PictureSize } from '../image/picture.ts';
import type { PredictNoise, UNetResult, UNetRow } from './unet-rows.ts';

/** What a row of a denoising call is told beside latents and timestep. */
export type Condition = Omit<UNetRow, 'latents' | 'timestep' | 'deep' | 'keepsDeep'>;

export type Guidance = {
  readonly scale: number;
  /** Guidance acts on the steps from this one, the first when left out, … */
  readonly from?: number;
  /** … to before this one (Kynkäänniemi et al. 2024), all when left out. */
  readonly to?: number;
};

export type GuidedNoiseOptions = Guidance & {
  /** The inner layers run at every so many steps, and what they gave is used again in between (DeepCache, Ma et al. 2024): 1 when left out. */
  readonly reuse?: number;
};

/**
 * Classifier-free guidance in one UNet call: `conditions` are its rows, the conditional one and behind it the unconditional one, which is left
 * out of the steps that are not guided. A single row is used as it is. What is returned is for one picture: it remembers the features to reuse.
 */
export function guidedNoise(
  predictNoise: PredictNoise,
  size: PictureSize,
  conditions: readonly Condition[],
  { scale, from = 0, to = Number.POSITIVE_INFINITY, reuse = 1 }: GuidedNoiseOptions,
): NoisePrediction {
  let kept: readonly (Float32Array | undefined)[] = [];

  /** A row that has nothing to reuse yet, guidance having just begun, is computed whole, in a call of its own. */
  async function predict(rows: readonly UNetRow[]): Promise<UNetResult[]> {
    const isMixed = new Set(rows.map(({ deep }) => deep === undefined)).size > 1;
    if (!isMixed) return predictNoise(size, rows);
    return (await Promise.all(rows.map((row) => predictNoise(size, [row])))).flat();
  }

  return async (latents, timestep, step) => {
    const used = from <= step && step < to ? conditions : conditions.slice(0, 1);
    if (step % reuse === 0) kept = [];
    const rows = used.map((condition, i) => ({ ...condition, latents, timestep, deep: kept[i], keepsDeep: reuse > 1 }));
    const results = await predict(rows);
    kept = conditions.map((_, i) => kept[i] ?? results[i]?.deep ?? undefined);
    const [conditional, unconditional] = results.map(({ noise }) => noise);
    return unconditional ? combineGuidance(unconditional, conditional, scale) : conditional;
  };
}
