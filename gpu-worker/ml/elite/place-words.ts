import type { Words } from '../../../shared/model-description.ts';
import type { ConceptEmbedding } from './concept.ts';

/** A prompt whose placeholder has been replaced by words of a concept, as the text encoder takes it. */
export type PlacedWords = {
  /** [tokens]: the prompt's, later ones shifted right when several words stand in the placeholder's place. */
  readonly tokenIds: Int32Array;
  /** [wordCount]: where each of the concept's words stands, −1 for one that is not used. */
  readonly wordPositions: Int32Array;
};

/** The prompt leaves no room for the words that should take the placeholder's place. */
export class PlaceholderSpaceError extends Error {
  override readonly name = 'PlaceholderSpaceError';
}

/** Which of `wordCount` words a request means, in the order they are written. Throws RangeError for an index there is no word for. */
export function chooseWords(words: Words, wordCount: number): readonly number[] {
  if (words === 'primary') return [0];
  if (words === 'all') return Array.from({ length: wordCount }, (_, word) => word);
  if (words >= wordCount) throw new RangeError(`words: expected an index below ${wordCount}, got ${words}`);
  return [words];
}

/**
 * Puts n chosen words at the placeholder's token. One word leaves every other token where it was; more push the tokens behind it right, and
 * the tail falls off the end, as in the authors' code.
 *
 * @throws PlaceholderSpaceError when the words themselves would fall off.
 */
export function placeWords(
  tokenIds: Int32Array,
  placeholderIndex: number,
  chosen: readonly number[],
  concept: Pick<ConceptEmbedding, 'wordCount'>,
): PlacedWords {
  const room = tokenIds.length - placeholderIndex;
  if (chosen.length > room) {
    throw new PlaceholderSpaceError(
      `expected room for ${chosen.length} words at token ${placeholderIndex}, got ${room} of ${tokenIds.length} tokens`,
    );
  }
  const shifted = tokenIds.slice();
  shifted.copyWithin(placeholderIndex + chosen.length, placeholderIndex + 1);
  const wordPositions = new Int32Array(concept.wordCount).fill(-1);
  for (const [offset, word] of chosen.entries()) wordPositions[word] = placeholderIndex + offset;
  return { tokenIds: shifted, wordPositions };
}
