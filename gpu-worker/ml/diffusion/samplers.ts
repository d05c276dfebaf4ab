import type { SamplerName } from '../../../shared/model-description.ts';
import { sampleDpmpp2m } from './dpmpp-2m.ts';
import { sampleEuler } from './euler.ts';
import { sampleEulerAncestral } from './euler-ancestral.ts';
import { sampleLms } from './lms.ts';
import type { NoiseSchedule } from './noise-schedule.ts';
import type { Sampler } from './sampler.ts';
import { evenPlan, karrasPlan, leadingPlan, roundedPlan, type StepPlan } from './step-plan.ts';

export type SamplingMethod = {
  readonly sample: Sampler;
  /** The noise levels of a run of `steps` ≥ 1 steps. */
  readonly plan: (schedule: NoiseSchedule, steps: number) => StepPlan;
  /** What unit noise is multiplied by to be the x that a run starts from. */
  readonly startScale: (plan: StepPlan) => number;
};

/** Noise alone: the picture is taken to be lost in it. */
const pureNoise = ({ sigmas }: StepPlan) => sigmas[0];

/** Unit variance where x is divided by √(σ² + 1), as in training. */
const unitVariance = ({ sigmas }: StepPlan) => Math.hypot(sigmas[0], 1);

/** The samplers a request can name, set up as in diffusers. */
export const samplers: Readonly<Record<SamplerName, SamplingMethod>> = {
  lms: { sample: sampleLms, plan: evenPlan, startScale: pureNoise },
  ddim: { sample: sampleEuler, plan: leadingPlan, startScale: unitVariance },
  euler: { sample: sampleEuler, plan: evenPlan, startScale: pureNoise },
  euler_ancestral: { sample: sampleEulerAncestral, plan: evenPlan, startScale: pureNoise },
  dpmpp_2m: { sample: sampleDpmpp2m, plan: roundedPlan, startScale: unitVariance },
  dpmpp_2m_karras: { sample: sampleDpmpp2m, plan: karrasPlan, startScale: unitVariance },
};
