import { findPlaceholders, placeholderSpellings } from '../../../shared/placeholder.ts';
import type { ClipTokenizer } from './clip-tokenizer.ts';

/** A prompt as CLIP reads it. */
export type EncodedPrompt = {
  /** [length]: start token, the prompt, then end tokens up to the length. */
  readonly tokenIds: Int32Array;
  /** The prompt was longer than CLIP reads, and lost its end. */
  readonly truncated: boolean;
};

/** A prompt that does not name its concept where CLIP can see it. */
export class PromptError extends Error {
  override readonly name = 'PromptError';
}

/** A prompt without a concept, such as a negative one. `length` is the encoder's number of positions: 77. */
export function encodePrompt(tokenizer: ClipTokenizer, prompt: string, length: number): EncodedPrompt {
  return frameTokens(tokenizer, tokenizer.encode(prompt), length);
}

/**
 * A prompt with a concept in it. The placeholder is found as a word of its own in any of its spellings and takes exactly one token, whatever
 * the words before it split into; where a prompt has several, the last one that survives the cut counts, as in the authors' code.
 *
 * The authors count words instead of tokens, which points at the wrong token after a word that CLIP splits, and at the start token when
 * punctuation follows the placeholder.
 *
 * @throws PromptError when there is no placeholder, or the cut loses it.
 */
export function encodeConceptPrompt(
  tokenizer: ClipTokenizer,
  prompt: string,
  token: string,
  length: number,
): EncodedPrompt & { readonly placeholderIndex: number } {
  const ranges = findPlaceholders(prompt, placeholderSpellings(token));
  if (ranges.length === 0) throw new PromptError(`expected ${token} as a word of the prompt, got "${prompt}"`);
  const [placeholderToken] = tokenizer.encode(token);
  const tokens: number[] = [];
  const indices: number[] = [];
  let end = 0;
  for (const range of ranges) {
    tokens.push(...tokenizer.encode(prompt.slice(end, range.start)));
    indices.push(tokens.length + 1); // behind the start token
    tokens.push(placeholderToken);
    end = range.end;
  }
  tokens.push(...tokenizer.encode(prompt.slice(end)));
  const placeholderIndex = indices.findLast((index) => index < length - 1);
  if (placeholderIndex === undefined) {
    throw new PromptError(
      `expected ${token} among the first ${length - 2} tokens, which is all that CLIP reads, got it as token ${indices[0]} of ${tokens.length}`,
    );
  }
  return { ...frameTokens(tokenizer, tokens, length), placeholderIndex };
}

function frameTokens(
  { startToken, endToken }: ClipTokenizer,
  tokens: readonly number[],
  length: number,
): EncodedPrompt {
  const kept = tokens.slice(0, length - 2);
  const tokenIds = new Int32Array(length).fill(endToken);
  tokenIds.set([startToken, ...kept]);
  return { tokenIds, truncated: kept.length < tokens.length };
}
