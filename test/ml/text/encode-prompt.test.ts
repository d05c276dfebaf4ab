import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openClipTokenizer } from '../../../gpu-worker/ml/text/clip-tokenizer.ts';
import { encodeConceptPrompt, encodePrompt, PromptError } from '../../../gpu-worker/ml/text/encode-prompt.ts';
import { modelDir } from '../../parity/reference.ts';

const LENGTH = 77;
const tokenizer = openClipTokenizer(join(modelDir, 'tokenizer'));
const placeholderToken = tokenizer.encode('s')[0];

function tokensBefore(text: string): number {
  return tokenizer.encode(text).length + 1;
}

describe('encodeConceptPrompt', () => {
  it.each([
    ['a photo of a S*', 'a photo of a'],
    ['a giraffe next to a S*', 'a giraffe next to a'],
    ['S* on the beach', ''],
    ['A photo of a S*, on the beach', 'a photo of a'],
    ["the S*'s hat", 'the'],
    ['a (S*)!', 'a ('],
    ['a <S*> in the snow', 'a'],
    ['a s* in the snow', 'a'],
    ['  a   photo of   S*', 'a photo of'],
    ['a S* and a S*', 'a s and a'],
    ['café S*', 'café'],
    ['二匹の S* 🐕', '二匹の'],
  ])('finds the token of the placeholder in "%s"', (prompt, before) => {
    const { placeholderIndex, tokenIds, truncated } = encodeConceptPrompt(tokenizer, prompt, 'S*', LENGTH);
    expect(placeholderIndex).toBe(tokensBefore(before));
    expect(tokenIds[placeholderIndex]).toBe(placeholderToken);
    expect(truncated).toBe(false);
  });

  it('keeps the text around the placeholder as it is tokenised without one', () => {
    const { tokenIds } = encodeConceptPrompt(tokenizer, "a photo of a S*, it's the dog", 'S*', LENGTH);
    expect(tokenIds).toEqual(encodePrompt(tokenizer, "a photo of a s, it's the dog", LENGTH).tokenIds);
  });

  it('takes any token a request names', () => {
    expect(encodeConceptPrompt(tokenizer, 'a photo of <dog1>', '<dog1>', LENGTH).placeholderIndex).toBe(4);
  });

  it('cuts a prompt that is too long and says so', () => {
    const prompt = `a S* ${'in the snow '.repeat(60)}`;
    const { tokenIds, truncated, placeholderIndex } = encodeConceptPrompt(tokenizer, prompt, 'S*', LENGTH);
    expect({ truncated, placeholderIndex, length: tokenIds.length }).toEqual({
      truncated: true,
      placeholderIndex: 2,
      length: LENGTH,
    });
    expect(tokenIds.at(-1)).toBe(tokenizer.endToken);
    expect(tokenIds.at(-2)).not.toBe(tokenizer.endToken);
  });

  it('uses the last placeholder that survives the cut', () => {
    const prompt = `a S* ${'snow '.repeat(90)} S*`;
    expect(encodeConceptPrompt(tokenizer, prompt, 'S*', LENGTH).placeholderIndex).toBe(2);
  });

  it('refuses a prompt whose cut loses the placeholder, and one that has none', () => {
    expect(() => encodeConceptPrompt(tokenizer, `${'snow '.repeat(90)} S*`, 'S*', LENGTH)).toThrow(PromptError);
    expect(() => encodeConceptPrompt(tokenizer, 'a dog in the snow', 'S*', LENGTH)).toThrow(
      'expected S* as a word of the prompt',
    );
    expect(() => encodeConceptPrompt(tokenizer, 'cats* and S**', 'S*', LENGTH)).toThrow(PromptError);
  });
});

describe('encodePrompt', () => {
  it('treats special tokens that a user types as text', () => {
    const { tokenIds } = encodePrompt(tokenizer, 'a <|endoftext|> b', LENGTH);
    expect(tokenIds[2]).not.toBe(tokenizer.endToken);
  });

  it('gives start and end tokens only for an empty prompt', () => {
    const { tokenIds, truncated } = encodePrompt(tokenizer, '', LENGTH);
    expect([...tokenIds]).toEqual([tokenizer.startToken, ...Array(LENGTH - 1).fill(tokenizer.endToken)]);
    expect(truncated).toBe(false);
  });
});
