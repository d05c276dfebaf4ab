import { describe, expect, it } from 'vitest';
import { combineGuidance } from '../../gpu-worker/ml/diffusion/guidance.ts';
import { lmsCoefficients } from '../../gpu-worker/ml/diffusion/lms.ts';
import { type NoisePrediction, toUnitVariance } from '../../gpu-worker/ml/diffusion/noise-prediction.ts';
import { addNoise, createNoiseSchedule } from '../../gpu-worker/ml/diffusion/noise-schedule.ts';
import { sampleLatents } from '../../gpu-worker/ml/diffusion/sample-latents.ts';
import { type SamplingMethod, samplers } from '../../gpu-worker/ml/diffusion/samplers.ts';
import type { StepPlan } from '../../gpu-worker/ml/diffusion/step-plan.ts';
import { torchGenerator } from '../../gpu-worker/ml/diffusion/torch-generator.ts';
import { openModelFolder } from '../../gpu-worker/ml/weights/open-model-folder.ts';
import { expectAbsolute, expectRelative } from './compare.ts';
import { golden, modelDir, reference } from './reference.ts';

/**
 * Relative. Against diffusers 0.11.1's schedulers in float32. Its tables are float32 and ours float64, which leaves less than 1e-6 relative; the
 * reference's own coefficients come from a quadrature good to 2e-5.
 */
const TOLERANCE = 1e-5;

const tensors = golden('schedulers');
const schedule = createNoiseSchedule(openModelFolder(modelDir).schedule);
const { lms_tables: lmsTables, fixed_steps: fixedSteps } = reference.config;

function noNoise(): never {
  throw new Error('this sampler adds no noise');
}

/** The x of a run after each step, as the network would see it where `unitVariance`. */
async function run(
  method: SamplingMethod,
  plan: StepPlan,
  start: Float32Array,
  predictNoise: NoisePrediction,
  { unitVariance = false } = {},
): Promise<Float32Array[]> {
  const states: Float32Array[] = [];
  await sampleLatents(method, plan, start, predictNoise, {
    noise: noNoise,
    onStep: (done, _, x) => states.push(unitVariance ? toUnitVariance(x, plan.sigmas[done]) : x),
  });
  return states;
}

function expectStates(actual: readonly Float32Array[], name: (step: number) => string, file = tensors): void {
  for (const [step, state] of actual.entries())
    expectRelative(`sampler steps, ${name(step).split('/')[0]}`, state, file.floats(name(step)), TOLERANCE);
}

describe('noise schedule', () => {
  it('has the ᾱ of the authors', () => {
    expectRelative('noise schedule, ᾱ', schedule.alphasCumprod, tensors.floats('alphas_cumprod'), TOLERANCE);
  });

  it('adds noise as in training', () => {
    const [clean, noise, noisy] = ['x0', 'noise', 'noisy'].map((name) => tensors.floats(`ddpm/${name}`));
    const timesteps = tensors.numbers('ddpm/t');
    const size = clean.length / timesteps.length;
    for (const [i, timestep] of timesteps.entries()) {
      const sample = (values: Float32Array) => values.slice(i * size, (i + 1) * size);
      const actual = addNoise(schedule, sample(clean), sample(noise), timestep);
      expectRelative('noise schedule, noise added', actual, sample(noisy), TOLERANCE);
    }
  });
});

describe('LMS', () => {
  it.each([...lmsTables, fixedSteps])('visits the timesteps and σ of %d steps and starts at their largest', (steps) => {
    const plan = samplers.lms.plan(schedule, steps);
    expectAbsolute('LMS, timesteps', plan.timesteps, tensors.doubles(`lms${steps}/timesteps`), 1e-9);
    expectRelative('LMS, σ', plan.sigmas, tensors.floats(`lms${steps}/sigmas`), TOLERANCE);
    expect(samplers.lms.startScale(plan)).toBeCloseTo(tensors.numbers(`lms${steps}/init_noise_sigma`)[0], 4);
  });

  it.each([...lmsTables, fixedSteps])('integrates its polynomials exactly over %d steps', (steps) => {
    const { sigmas } = samplers.lms.plan(schedule, steps);
    const expected = tensors.doubles(`lms${steps}/coefficients`);
    const rows = Array.from({ length: steps }, (_, step) => lmsCoefficients(sigmas, step));
    const actual = rows.flatMap((row) => [...row, 0, 0, 0].slice(0, 4));
    expectAbsolute('LMS, coefficients', actual, expected, 1e-4);
  });

  it('takes each step as given noise predictions ask', async () => {
    const plan = samplers.lms.plan(schedule, fixedSteps);
    let step = 0;
    const given: NoisePrediction = async (latents) => {
      if (tensors.index.has(`lms_given/scaled_${step}`))
        expectRelative('LMS, network input', latents, tensors.floats(`lms_given/scaled_${step}`), TOLERANCE);
      return tensors.floats(`lms_given/eps_${step++}`);
    };
    const states = await run(samplers.lms, plan, tensors.floats('init_noise'), given);
    expectStates(states, (at) => `lms_given/x_${at}`);
  });
});

/** The noise model that the reference ran every sampler on. */
const fakeNoise: NoisePrediction = async (latents, timestep) => {
  const bias = tensors.floats('fake_bias');
  return latents.map((value, i) => 0.8 * Math.tanh(0.7 * value) + 0.2 * Math.cos(timestep / 100) + bias[i]);
};

describe('a run on a fake noise model', () => {
  it.each([
    { sampler: 'lms', reference: 'lms' },
    { sampler: 'euler', reference: 'euler' },
    { sampler: 'ddim', reference: 'ddim' },
  ] as const)('$sampler', async ({ sampler, reference: name }) => {
    const method = samplers[sampler];
    const plan = method.plan(schedule, fixedSteps);
    expect([...plan.timesteps]).toEqual([...tensors.doubles(`${name}/timesteps`)]);
    const unitVariance = name === 'ddim'; // which diffusers runs in the network's variable
    const states = await run(method, plan, tensors.floats('init_noise'), fakeNoise, { unitVariance });
    expect(states).toHaveLength(fixedSteps);
    expectStates(states, (step) => `${name}/x_${step}`);
  });

  it('dpmpp_2m', async () => {
    const method = samplers.dpmpp_2m;
    const plan = method.plan(schedule, fixedSteps);
    expect([...plan.timesteps]).toEqual([...tensors.doubles('dpm2m/timesteps')]);
    // This version of diffusers ends at the σ of timestep 0, later ones and ours at 0.
    const sigmas = Float64Array.from(plan.sigmas).with(-1, schedule.sigmas[0]);
    const states = await run(method, { ...plan, sigmas }, tensors.floats('init_noise'), fakeNoise, {
      unitVariance: true,
    });
    const comparable = fixedSteps < 15 ? states : states.slice(0, -1); // from 15 steps on its last step is of second order
    expectStates(comparable, (step) => `dpm2m/x_${step}`);
  });
});

describe('a denoising run', () => {
  const trajectory = golden('trajectory');

  it.each([
    ['local', reference.config.lms_steps],
    ['global_w0', reference.config.global_steps],
    ['global_full', reference.config.global_steps],
  ])('of ELITE, %s, begins with its noise predictions, guided', async (name, steps) => {
    const plan = samplers.lms.plan(schedule, steps);
    expectAbsolute('LMS, timesteps', plan.timesteps, trajectory.doubles(`${name}/timesteps`), 1e-9);
    const guided = combineGuidance(
      trajectory.floats(`${name}/noise_pred_uncond_0`),
      trajectory.floats(`${name}/noise_pred_text_0`),
      reference.config.guidance,
    );
    const firstStep = { ...plan, sigmas: plan.sigmas.slice(0, 2) };
    const states = await run(samplers.lms, firstStep, trajectory.floats(`${name}/initial_noise`), async () => guided);
    expectStates(states, () => `${name}/latents_0`, trajectory);
  });

  it('ends in latents as the decoder takes them, also where the last σ is not 0', async () => {
    const plan = samplers.ddim.plan(schedule, fixedSteps);
    const options = { noise: noNoise };
    const latents = await sampleLatents(samplers.ddim, plan, tensors.floats('init_noise'), fakeNoise, options);
    expectRelative('sampler steps, ddim', latents, tensors.floats(`ddim/x_${fixedSteps - 1}`), TOLERANCE);
  });

  it('starts from the noise that PyTorch draws from the seed', () => {
    const expected = trajectory.floats('local/initial_noise');
    const actual = torchGenerator(reference.config.traj_seed).randn(expected.length);
    expectAbsolute('seeded noise', actual, expected, 1e-6);
  });
});
