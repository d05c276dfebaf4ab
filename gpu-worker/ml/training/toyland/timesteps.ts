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

/** Where a pattern is decided: signal and noise of about the same variance, from 2 : 1 to 1 : 7. */
const halfway = { from: 250, count: 400 };
const halfwayShare = 0.7;

/** A timestep to train on for details: mostly one in the middle of the way from noise to picture. */
export function chooseHalfway(random: Random): number {
  return random.chance(halfwayShare)
    ? halfway.from + random.integer(halfway.count)
    : random.integer(schedule.trainTimesteps);
}
