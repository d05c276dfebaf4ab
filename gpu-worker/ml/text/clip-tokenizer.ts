import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { readJson } from '../weights/read-json.ts';
import { WeightsError } from '../weights/weights-error.ts';

export type ClipTokenizer = {
  /** Token ids of a piece of text, without start, end or padding; special tokens written out are ordinary text. */
  encode(text: string): readonly number[];
  readonly startToken: number;
  /** Ends a prompt and fills it up to its length. */
  readonly endToken: number;
};

const START = '<|startoftext|>';
const END = '<|endoftext|>';

/** How CLIP cuts text before byte-pair encoding: contractions, runs of letters, single digits, runs of anything else but space. */
const WORD_PATTERN = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

const vocabularySchema = z.record(z.string(), z.int().nonnegative());

type TokenizerOptions = {
  /** How many tokens the text encoder knows. */
  readonly vocabularySize?: number;
};

/**
 * CLIP's byte-pair tokenizer from a folder with `vocab.json` and `merges.txt`. Ids are those of OpenAI's tokenizer, and of the official
 * one with ftfy installed; without it, transformers strips accents and splits contractions (`it's`, `café`).
 *
 * @throws WeightsError where a file is missing or broken, or gives a token an id that the text encoder does not know.
 */
export function openClipTokenizer(folder: string, { vocabularySize = Infinity }: TokenizerOptions = {}): ClipTokenizer {
  const vocabFile = join(folder, 'vocab.json');
  const vocab = readJson(vocabFile, vocabularySchema);
  const unknown = Object.entries(vocab).find(([, id]) => id >= vocabularySize);
  if (unknown)
    throw new WeightsError(vocabFile, `expected ids below ${vocabularySize}, got ${unknown[1]} for "${unknown[0]}"`);
  const [, ...mergeLines] = readMerges(join(folder, 'merges.txt')); // the first line states a version
  const special = (token: string) => {
    if (vocab[token] === undefined) throw new WeightsError(vocabFile, `expected the token ${token}, got none`);
    return vocab[token];
  };
  const tokenizer = new Tokenizer(
    {
      version: '1.0',
      added_tokens: [],
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'NFC' },
          { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
          { type: 'Lowercase' },
        ],
      },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: WORD_PATTERN }, behavior: 'Removed', invert: true },
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
        ],
      },
      post_processor: null,
      decoder: { type: 'ByteLevel' },
      model: {
        type: 'BPE',
        vocab,
        merges: mergeLines.filter((line) => line.trim() !== ''),
        unk_token: END,
        continuing_subword_prefix: '',
        end_of_word_suffix: '</w>',
        fuse_unk: false,
      },
    },
    { tokenizer_class: 'CLIPTokenizer', unk_token: END },
  );
  return {
    encode: (text) => (text.trim() === '' ? [] : tokenizer.encode(text, { add_special_tokens: false }).ids),
    startToken: special(START),
    endToken: special(END),
  };
}

function readMerges(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch (cause) {
    throw new WeightsError(file, 'cannot be read', { cause });
  }
}
