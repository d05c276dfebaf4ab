import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createNoiseSchedule } from '../../gpu-worker/ml/diffusion/noise-schedule.ts';
import { sampleLatents } from '../../gpu-worker/ml/diffusion/sample-latents.ts';
import { samplers } from '../../gpu-worker/ml/diffusion/samplers.ts';
import { type Condition, guidedNoise } from '../../gpu-worker/ml/elite/guided-noise.ts';
import { chooseWords, placeWords } from '../../gpu-worker/ml/elite/place-words.ts';
import type { UNetRow } from '../../gpu-worker/ml/elite/unet-rows.ts';
import { latentsToRgb } from '../../gpu-worker/ml/image/latents-to-rgb.ts';
import type { Words } from '../../shared/model-description.ts';
import { expectAbsolute, expectRelative } from './compare.ts';
import { golden, reference, referenceJson } from './reference.ts';
import { openReferenceNetworks, pictureSize, referenceModel } from './reference-model.ts';

/** Absolute, on values up to 70: the authors' float32 differs from their float64 by 1e-4 over a run. */
const LATENTS_TOLERANCE = 2e-3;
const NOISE_TOLERANCE = 1e-4;
const DECODED_TOLERANCE = 2e-3;

const { lms_steps, global_steps, guidance, lam, main_prompt } = reference.config;
const [picture] = reference.pictures_order;
const networks = await openReferenceNetworks();
const expected = golden('trajectory');
const tokens = z
  .object({
    uncond_input_ids: z.array(z.int()),
    prompts: z.array(z.object({ index: z.int(), input_ids: z.array(z.int()) })),
  })
  .parse(referenceJson('golden/tokens.json'));
const prompt = tokens.prompts[main_prompt];
const { words: wordCount, patches, wordSize } = referenceModel.config.mapping;
const words = golden('mappers').floats(`${picture}/global`);

async function conditionsFor(chosen: Words, local: Float32Array, strength: number): Promise<Condition[]> {
  const placed = placeWords(Int32Array.from(prompt.input_ids), prompt.index, chooseWords(chosen, wordCount), {
    wordCount,
  });
  const none = {
    tokenIds: Int32Array.from(tokens.uncond_input_ids),
    wordPositions: new Int32Array(wordCount).fill(-1),
  };
  const [context, unconditional] = await networks.encodeText([
    { ...placed, words },
    { ...none, words },
  ]);
  return [
    { context, local, placeholderIndex: prompt.index, strength },
    { context: unconditional, local, placeholderIndex: 0, strength: 0 },
  ];
}

/** The whole denoising run from the authors' noise; checks the latents after each step and the noise predictions they kept. */
async function run(name: string, steps: number, conditions: readonly Condition[]): Promise<Float32Array> {
  let call = 0;
  const predictNoise = async (size: typeof pictureSize, rows: readonly UNetRow[]) => {
    const outputs = await networks.predictNoise(size, rows);
    for (const [row, kind] of ['text', 'uncond'].entries()) {
      const kept = `${name}/noise_pred_${kind}_${call}`;
      if (expected.names.includes(kept))
        expectRelative(`run ${name}, noise predictions`, outputs[row].noise, expected.floats(kept), NOISE_TOLERANCE);
    }
    call++;
    return outputs;
  };
  const { lms } = samplers;
  const plan = lms.plan(createNoiseSchedule(referenceModel.schedule), steps);
  const start = expected.floats(`${name}/initial_noise`);
  return sampleLatents(lms, plan, start, guidedNoise(predictNoise, pictureSize, conditions, { scale: guidance }), {
    noise: () => expect.unreachable('LMS adds no noise'),
    onStep: (done, _, x) => {
      const step = `${name}/latents_${done - 1}`;
      expectAbsolute(`run ${name}, latents after each step`, x, expected.floats(step), LATENTS_TOLERANCE);
    },
  });
}

/** At most one level off, and nearly everywhere equal. */
function expectSamePixels(actual: Uint8Array, golden: Uint8Array): void {
  expectAbsolute('run, pixels of the picture', actual, golden, 1);
  expect(actual.filter((value, i) => value !== golden[i]).length / actual.length).toBeLessThan(1e-3);
}

describe('the whole denoising run', () => {
  const noPatches = new Float32Array(patches * wordSize);
  it.each<[string, number, Words, Float32Array, number]>([
    ['local', lms_steps, 'primary', golden('mappers').floats(`${picture}/local_masked`), lam],
    ['global_w0', global_steps, 'primary', noPatches, 0],
    ['global_full', global_steps, 'all', noPatches, 0],
  ])('%s, from noise to picture', async (name, steps, chosen, local, strength) => {
    const latents = await run(name, steps, await conditionsFor(chosen, local, strength));
    expectAbsolute(`run ${name}, final latents`, latents, expected.floats(`${name}/final_latents`), LATENTS_TOLERANCE);
    const decoded = await networks.decodeLatents(pictureSize, latents);
    if (expected.names.includes(`${name}/decoded`)) {
      expectAbsolute(`run ${name}, decoded`, decoded, expected.floats(`${name}/decoded`), DECODED_TOLERANCE);
    }
    expectSamePixels(latentsToRgb(decoded, pictureSize), expected.bytes(`${name}/image_u8`));
  });
});
