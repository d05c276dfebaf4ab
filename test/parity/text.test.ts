import { describe, it } from 'vitest';
import { z } from 'zod';
import { chooseWords, placeWords } from '../../gpu-worker/ml/elite/place-words.ts';
import type { Words } from '../../shared/model-description.ts';
import { expectRelative } from './compare.ts';
import { golden, reference, referenceJson } from './reference.ts';
import { openReferenceNetworks, referenceModel } from './reference-model.ts';

/** Float32 of another library. */
const TOLERANCE = 1e-4;

const tokensSchema = z.object({
  uncond_input_ids: z.array(z.int()),
  prompts: z.array(z.object({ text: z.string(), index: z.int(), input_ids: z.array(z.int()) })),
});
const { prompts, uncond_input_ids } = tokensSchema.parse(referenceJson('golden/tokens.json'));
const networks = await openReferenceNetworks();
const expected = golden('text');
const wordCount = referenceModel.config.mapping.words;
const words = golden('mappers').floats(`${reference.pictures_order[0]}/global`);

async function encode(inputIds: readonly number[], index: number, chosen: readonly number[]): Promise<Float32Array> {
  const tokenIds = Int32Array.from(inputIds);
  const placed =
    chosen.length === 0
      ? { tokenIds, wordPositions: new Int32Array(wordCount).fill(-1) }
      : placeWords(tokenIds, index, chosen, { wordCount });
  const [context] = await networks.encodeText([{ ...placed, words }]);
  return context;
}

describe.each(prompts.map((prompt, i) => ({ ...prompt, i })))('CLIP text on "$text"', ({ i, index, input_ids }) => {
  it('without a concept', async () => {
    const actual = await encode(input_ids, index, []);
    expectRelative('CLIP text, no word', actual, expected.floats(`prompt${i}/plain`), TOLERANCE);
  });

  it.each<[string, Words]>([
    ['inj_w0', 'primary'],
    [`inj_${wordCount}w`, 'all'],
  ])('%s at the authors’ index', async (name, chosen) => {
    const actual = await encode(input_ids, index, chooseWords(chosen, wordCount));
    expectRelative(`CLIP text, ${name}`, actual, expected.floats(`prompt${i}/${name}`), TOLERANCE);
  });
});

it('CLIP text on the unconditional prompt', async () => {
  const actual = await encode(uncond_input_ids, 0, []);
  expectRelative('CLIP text, unconditional', actual, expected.floats('uncond'), TOLERANCE);
});
