import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleLatents } from '../diffusion/sample-latents.ts';
import { samplers } from '../diffusion/samplers.ts';
import type { EliteModel } from '../elite/elite-model.ts';
import { type Condition, guidedNoise } from '../elite/guided-noise.ts';
import { placeWords } from '../elite/place-words.ts';
import { decodeImage } from '../image/decode-image.ts';
import { decodeMask } from '../image/decode-mask.ts';
import { latentsToRgb } from '../image/latents-to-rgb.ts';
import { encodeConcept } from '../pipelines/encode-concept.ts';
import { follow } from '../pipelines/follow.ts';
import { encodeConceptPrompt, encodePrompt } from '../text/encode-prompt.ts';
import { maxAbsError, maxRelativeError } from './array-error.ts';
import type { ReferenceSet } from './reference-set.ts';

/** How far a stage is from the reference, and how far it may be. */
export type Comparison = {
  readonly stage: string;
  readonly measure: 'relative' | 'absolute';
  readonly error: number;
  readonly tolerance: number;
};

/** float32 of another library; the smallest of typical mistakes moves the UNet's output a hundred times as far. */
const TOLERANCE = 1e-4;
/** On latents of up to 70: the authors' float32 differs from their float64 by 1e-4 over a run. */
const LATENTS_TOLERANCE = 2e-3;
const LEVEL = 1;

/** Runs every stage of the model on the reference's inputs, its first picture and its main prompt, from the photo's file to the picture. */
export async function* compareReference(model: EliteModel, reference: ReferenceSet): AsyncGenerator<Comparison> {
  yield* compareConcepts(model, reference);
  const conditions = await encodeConditions(model, reference);
  yield relative('prompt', conditions[0].context, reference.golden('text').floats(mainPrompt(reference)));
  yield relative('empty prompt', conditions[1].context, reference.golden('text').floats('uncond'));
  yield* compareUNet(model, reference);
  yield* compareRun(model, reference, conditions);
}

function relative(stage: string, actual: ArrayLike<number>, expected: ArrayLike<number>): Comparison {
  return { stage, measure: 'relative', error: maxRelativeError(actual, expected), tolerance: TOLERANCE };
}

function absolute(
  stage: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): Comparison {
  return { stage, measure: 'absolute', error: maxAbsError(actual, expected), tolerance };
}

async function* compareConcepts(
  model: EliteModel,
  { folder, index, golden }: ReferenceSet,
): AsyncGenerator<Comparison> {
  const expected = golden('mappers');
  for (const picture of index.pictures_order) {
    const read = (name: string) => readFileSync(join(folder, 'pictures', `${name}.png`));
    const photo = await decodeImage(read(picture));
    const mask = await decodeMask(read(`${picture}_bg`));
    const concept = await follow(encodeConcept(model, { photo, mask }));
    yield relative(`${picture}: words`, concept.words, expected.floats(`${picture}/global`));
    yield relative(`${picture}: patches`, concept.local, expected.floats(`${picture}/local_masked`));
  }
}

const mainPrompt = ({ index }: ReferenceSet) => `prompt${index.config.main_prompt}/inj_w0`;

/** The main prompt with the first picture's primary word in it, and the empty prompt. */
async function encodeConditions({ networks, tokenizer, config }: EliteModel, { index, golden }: ReferenceSet) {
  const { prompts, main_prompt, placeholder, lam } = index.config;
  const { words: wordCount } = config.mapping;
  const { positions } = config.text;
  const [picture] = index.pictures_order;
  const words = golden('mappers').floats(`${picture}/global`);
  const local = golden('mappers').floats(`${picture}/local_masked`);
  const { tokenIds, placeholderIndex } = encodeConceptPrompt(tokenizer, prompts[main_prompt], placeholder, positions);
  const placed = placeWords(tokenIds, placeholderIndex, [0], { wordCount });
  const empty = {
    tokenIds: encodePrompt(tokenizer, '', positions).tokenIds,
    wordPositions: new Int32Array(wordCount).fill(-1),
  };
  const [context, unconditional] = await networks.encodeText([
    { ...placed, words },
    { ...empty, words },
  ]);
  return [
    { context, local, placeholderIndex, strength: lam },
    { context: unconditional, local, placeholderIndex: 0, strength: 0 },
  ] satisfies Condition[];
}

/** With the concept's details, without them, and on the empty prompt, at the reference's timesteps. */
async function* compareUNet(
  { networks, description }: EliteModel,
  { index, golden }: ReferenceSet,
): AsyncGenerator<Comparison> {
  const expected = golden('unet');
  const [placeholderIndex] = expected.numbers('local_index');
  const cases = {
    local: ['ctx_text', index.config.unet_lam],
    global: ['ctx_text', 0],
    uncond: ['ctx_uncond', 0],
  } as const;
  for (const [name, [context, strength]] of Object.entries(cases)) {
    const rows = [...expected.doubles('timesteps')].map((timestep) => ({
      latents: expected.floats('latents'),
      timestep,
      context: expected.floats(context),
      local: expected.floats('local'),
      placeholderIndex,
      strength,
    }));
    for (const [t, { noise }] of (await networks.predictNoise(description.defaults, rows)).entries())
      yield relative(`UNet: ${name}, timestep ${t}`, noise, expected.floats(`${name}/t${t}`));
  }
}

/** The authors' whole run from the same noise, and the picture that comes of it. */
async function* compareRun(
  { networks, schedule, description }: EliteModel,
  { index, golden }: ReferenceSet,
  conditions: readonly Condition[],
): AsyncGenerator<Comparison> {
  const expected = golden('trajectory');
  const { lms_steps, guidance } = index.config;
  const { lms } = samplers;
  const size = description.defaults;
  const plan = lms.plan(schedule, lms_steps);
  const start = expected.floats('local/initial_noise');
  const latents = await sampleLatents(
    lms,
    plan,
    start,
    guidedNoise(networks.predictNoise, size, conditions, { scale: guidance }),
    {
      noise: () => new Float32Array(), // LMS adds none
    },
  );
  yield absolute(
    `run of ${lms_steps} steps: latents`,
    latents,
    expected.floats('local/final_latents'),
    LATENTS_TOLERANCE,
  );
  const decoded = await networks.decodeLatents(size, latents);
  yield absolute('run: decoded', decoded, expected.floats('local/decoded'), LATENTS_TOLERANCE);
  yield absolute('run: levels of the picture', latentsToRgb(decoded, size), expected.bytes('local/image_u8'), LEVEL);
}
