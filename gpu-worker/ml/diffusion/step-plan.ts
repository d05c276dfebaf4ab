import { type NoiseSchedule, sigmaAt, timestepAt } from './noise-schedule.ts';

/** The noise levels a sampler visits. The plans below throw RangeError unless 1 ≤ steps < trained timesteps. */
export type StepPlan = {
  /** What the model is told at each step; may be fractional [steps]. */
  readonly timesteps: Float64Array;
  /** [steps + 1]: σ before each step, and where the last one ends. */
  readonly sigmas: Float64Array;
};

/**
 * From the noisiest timestep to 0 in even steps, not rounded, then to σ = 0 (diffusers' LMSDiscreteScheduler; with one step, the noisiest alone).
 */
export function evenPlan(schedule: NoiseSchedule, steps: number): StepPlan {
  requireSteps(schedule, steps);
  const last = schedule.trainTimesteps - 1;
  const timesteps = Float64Array.from({ length: steps }, (_, step) => last - (step * last) / Math.max(steps - 1, 1));
  return { timesteps, sigmas: sigmasOf(schedule, timesteps, 0) };
}

/** Even whole steps without the last one at timestep 0, then to σ = 0 (diffusers' DPMSolverMultistepScheduler). */
export function roundedPlan(schedule: NoiseSchedule, steps: number): StepPlan {
  requireSteps(schedule, steps);
  const last = schedule.trainTimesteps - 1;
  const timesteps = Float64Array.from({ length: steps }, (_, step) => roundHalfToEven(last - (step * last) / steps));
  return { timesteps, sigmas: sigmasOf(schedule, timesteps, 0) };
}

/**
 * Every (timesteps / steps)th timestep from 1 on, down to the σ of timestep 0: as Stable Diffusion runs DDIM (steps_offset 1,
 * set_alpha_to_one false).
 */
export function leadingPlan(schedule: NoiseSchedule, steps: number): StepPlan {
  requireSteps(schedule, steps);
  const stride = Math.floor(schedule.trainTimesteps / steps);
  const timesteps = Float64Array.from({ length: steps }, (_, step) => (steps - 1 - step) * stride + 1);
  return { timesteps, sigmas: sigmasOf(schedule, timesteps, schedule.sigmas[0]) };
}

const KARRAS_RHO = 7;

/** Even steps in σ^(1/7), from the noisiest timestep's σ to the cleanest's, then to 0 (Karras et al. 2022, Eq. 5). */
export function karrasPlan(schedule: NoiseSchedule, steps: number): StepPlan {
  requireSteps(schedule, steps);
  const highest = schedule.sigmas.at(-1)! ** (1 / KARRAS_RHO);
  const lowest = schedule.sigmas[0] ** (1 / KARRAS_RHO);
  const sigmas = Float64Array.from({ length: steps + 1 }, (_, step) =>
    step < steps ? (highest + (step / Math.max(steps - 1, 1)) * (lowest - highest)) ** KARRAS_RHO : 0,
  );
  return { timesteps: sigmas.slice(0, steps).map((sigma) => timestepAt(schedule, sigma)), sigmas };
}

function requireSteps({ trainTimesteps }: NoiseSchedule, steps: number): void {
  if (!Number.isInteger(steps) || steps < 1 || steps >= trainTimesteps)
    throw new RangeError(`expected 1 to ${trainTimesteps - 1} steps, got ${steps}`);
}

function sigmasOf(schedule: NoiseSchedule, timesteps: Float64Array, end: number): Float64Array {
  return Float64Array.of(...timesteps.map((timestep) => sigmaAt(schedule, timestep)), end);
}

function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
