import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openClipTokenizer } from '../../gpu-worker/ml/text/clip-tokenizer.ts';
import { encodePrompt } from '../../gpu-worker/ml/text/encode-prompt.ts';
import { modelDir, referenceJson } from './reference.ts';

const tokensSchema = z.object({
  model_max_length: z.int(),
  uncond_input_ids: z.array(z.int()),
  prompts: z.array(z.object({ text: z.string(), input_ids: z.array(z.int()), input_ids_ftfy: z.array(z.int()) })),
});
const tokens = tokensSchema.parse(referenceJson('golden/tokens.json'));
const tokenizer = openClipTokenizer(join(modelDir, 'tokenizer'));
const encode = (text: string) => [...encodePrompt(tokenizer, text, tokens.model_max_length).tokenIds];

describe('token ids, exactly', () => {
  it.each(tokens.prompts)('"$text" is what the official tokenizer gives with ftfy', ({ text, input_ids_ftfy }) => {
    expect(encode(text)).toEqual(input_ids_ftfy);
  });

  it('plain English gives what it gives without ftfy, too', () => {
    const plain = tokens.prompts.filter(({ text }) => /^[\x20-\x26\x28-\x7e]*$/.test(text)); // ASCII without apostrophes
    expect(plain.length).toBeGreaterThan(0);
    for (const { text, input_ids } of plain) expect(encode(text), text).toEqual(input_ids);
  });

  it('the unconditional prompt', () => {
    expect(encode('')).toEqual(tokens.uncond_input_ids);
  });
});
