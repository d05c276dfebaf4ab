import { describe, expect, it } from 'vitest';
import { chooseWords, PlaceholderSpaceError, placeWords } from '../../../gpu-worker/ml/elite/place-words.ts';

const tokenIds = Int32Array.of(90, 1, 2, 3, 4, 5, 99, 99); // start, five tokens, end, padding

describe('placeWords', () => {
  it('leaves every other token where it was for one word', () => {
    expect(placeWords(tokenIds, 2, [0], { wordCount: 3 })).toEqual({
      tokenIds,
      wordPositions: Int32Array.of(2, -1, -1),
    });
  });

  it('pushes later tokens right for more words, and lets the tail fall off', () => {
    const { tokenIds: shifted, wordPositions } = placeWords(tokenIds, 2, [0, 1, 2], { wordCount: 3 });
    expect([...shifted.slice(0, 3)]).toEqual([90, 1, 2]);
    expect([...shifted.slice(5)]).toEqual([3, 4, 5]);
    expect([...wordPositions]).toEqual([2, 3, 4]);
  });

  it('takes a word by its index', () => {
    expect(chooseWords(1, 3)).toEqual([1]);
    expect([...placeWords(tokenIds, 4, [1], { wordCount: 3 }).wordPositions]).toEqual([-1, 4, -1]);
    expect(() => chooseWords(3, 3)).toThrow('expected an index below 3, got 3');
  });

  it('fits words up to the last token and refuses those beyond', () => {
    expect(placeWords(tokenIds, 5, [0, 1, 2], { wordCount: 3 }).wordPositions).toEqual(Int32Array.of(5, 6, 7));
    expect(() => placeWords(tokenIds, 6, [0, 1, 2], { wordCount: 3 })).toThrow(PlaceholderSpaceError);
  });
});
