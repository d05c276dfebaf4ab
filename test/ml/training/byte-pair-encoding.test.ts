import { Tokenizer } from '@huggingface/tokenizers';
import { describe, expect, test } from 'vitest';
import {
  type BytePairVocabulary,
  endToken,
  startToken,
  tokenizerFiles,
  trainBytePairs,
} from '../../../gpu-worker/ml/training/byte-pair-encoding.ts';
import { createRandom } from '../../../gpu-worker/ml/training/random.ts';
import { captionOf } from '../../../gpu-worker/ml/training/toyland/caption.ts';
import { sampleCharacter } from '../../../gpu-worker/ml/training/toyland/character.ts';
import { sampleDepiction } from '../../../gpu-worker/ml/training/toyland/depiction.ts';
import { maxTokens, toylandVocabulary } from '../../../gpu-worker/ml/training/toyland/vocabulary.ts';

/** The files as a tokenizer of the library: the model as they give it, the rest as every CLIP tokenizer has it. */
function openTokenizer(vocabulary: BytePairVocabulary): Tokenizer {
  const files = tokenizerFiles(vocabulary, maxTokens);
  const merges = files['merges.txt']!.trimEnd().split('\n').slice(1);
  const special = (content: string) => ({ id: vocabulary.ids[content], content, special: true, normalized: true });
  const definition = {
    added_tokens: [special(startToken), special(endToken)],
    normalizer: { type: 'Lowercase' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        {
          type: 'Split',
          pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
          behavior: 'Removed',
          invert: true,
        },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    post_processor: null,
    decoder: null,
    model: {
      type: 'BPE',
      vocab: JSON.parse(files['vocab.json']!),
      merges,
      end_of_word_suffix: '</w>',
      unk_token: endToken,
    },
  };
  return new Tokenizer(definition, JSON.parse(files['tokenizer_config.json']!));
}

test('merges the most frequent pair first, ties in alphabetical order', () => {
  const { merges } = trainBytePairs(['low low low lower lower new new'], 4);
  expect(merges).toEqual([
    ['l', 'o'],
    ['lo', 'w</w>'],
    ['e', 'r</w>'],
    ['e', 'w</w>'],
  ]);
});

describe("toyland's vocabulary", () => {
  const vocabulary = toylandVocabulary();
  const tokenizer = openTokenizer(vocabulary);

  test('numbers tokens as CLIP does: bytes, bytes ending a word, merges, start, end', () => {
    const size = 512 + vocabulary.merges.length + 2;
    expect(Object.keys(vocabulary.ids)).toHaveLength(size);
    expect(vocabulary.ids['!']).toBe(0);
    expect(vocabulary.ids['!</w>']).toBe(256);
    expect(vocabulary.ids[vocabulary.merges[0]!.join('')]).toBe(512);
    expect([vocabulary.ids[startToken], vocabulary.ids[endToken]]).toEqual([size - 2, size - 1]);
  });

  test('makes each of its own words one token', () => {
    const { tokens } = tokenizer.encode('a Checkered octopus wearing a santa hat on a cobblestone street');
    expect(tokens).toEqual(
      ['a', 'checkered', 'octopus', 'wearing', 'a', 'santa', 'hat', 'on', 'a', 'cobblestone', 'street'].map(
        (word) => `${word}</w>`,
      ),
    );
  });

  test('spells any other text out in bytes, none of them unknown', () => {
    const { tokens } = tokenizer.encode('żółw 7');
    expect(tokens.join('')).toBe('Å¼Ã³ÅĤw</w>7</w>');
  });

  test('leaves room for the longest caption between start and end', () => {
    const longest = Math.max(
      ...Array.from({ length: 500 }, (_, index) => {
        const random = createRandom(index);
        const depiction = sampleDepiction(sampleCharacter(random, 'train'), random, { scene: true, edit: true });
        return tokenizer.encode(captionOf(depiction, random, 0)).ids.length;
      }),
    );
    expect(longest).toBeLessThanOrEqual(maxTokens - 2);
  });
});
