import { createNoiseSchedule, SD_V1_4_SCHEDULE } from '../../diffusion/noise-schedule.ts';
import { debiasedWeights } from '../noising.ts';
import type { Random } from '../random.ts';

export const schedule = createNoiseSchedule(SD_V1_4_SCHEDULE);

const weights = debiasedWeights(schedule);
const largestWeight = Math.max(...weights);

/** A timestep to train on: half of the time any, as Stable Diffusion and ELITE draw them, else in proportion to its debiased weight. */
export function chooseTimestep(random: Random): number {
  const isAny = random.chance(0.5);
  for (;;) {
    const timestep = random.integer(schedule.trainTimesteps);
    if (isAny || random.chance(weights[timestep] / largestWeight)) return timestep;
  }
}

/** What a chosen timestep counts for, so that in the mean each counts for its debiased weight: much noise is drawn more often, not weighted more. */
export function remainingWeight(timestep: number): number {
  return weights[timestep] / (0.5 + 0.5 * weights[timestep]);
}

/**
 * Where a pattern is decided. Two patterns on one character differ by 260 to 420 in squared latents, and the means of two kinds by 60 to 230 (24 and 48
 * characters): they come to stand out of the noise while the signal-to-noise ratio is between 0.008 and 0.5.
 */
const decisive = { from: 450, count: 500 };
const decisiveShare = 0.7;

/** A timestep to train on for patterns: mostly one at which they are decided. With more noise nothing is seen of them, with less everything. */
export function chooseDecisive(random: Random): number {
  return random.chance(decisiveShare)
    ? decisive.from + random.integer(decisive.count)
    : random.integer(schedule.trainTimesteps);
}

/** What such a timestep counts for: its debiased weight, within limits, so that little noise, with its larger losses, does not drown the rest. */
export function decisiveWeight(timestep: number): number {
  return Math.min(1.5, Math.max(0.5, weights[timestep]));
}
