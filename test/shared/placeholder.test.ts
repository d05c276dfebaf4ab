import { describe, expect, test } from 'vitest';
import { defaultStrength } from '../../shared/default-strength.ts';
import { findPlaceholders, placeholderSpellings, placeholderTokenSchema } from '../../shared/placeholder.ts';

function found(prompt: string, token = 'S*'): string[] {
  return findPlaceholders(prompt, placeholderSpellings(token)).map(({ start, end }) => prompt.slice(start, end));
}

describe('findPlaceholders', () => {
  test.each([
    ['a S* in the snow', ['S*']],
    ['A s* wearing a hat', ['s*']],
    ['<S*>, {S*} and S∗', ['<S*>', '{S*}', 'S∗']],
    ['the S*’s (S*)', ['S*', 'S*']],
    ['S*', ['S*']],
    ['S*.', ['S*']],
    ['🦊 S＊!', ['S＊']],
  ])('finds every spelling that stands alone: %s', (prompt, expected) => {
    expect(found(prompt)).toEqual(expected);
  });

  test.each(['two cats* there', 'S**', '*S*', 'an S', 'üS*', 'S*x', ''])(
    'takes no part of a word for it: %s',
    (prompt) => {
      expect(found(prompt)).toEqual([]);
    },
  );

  test('a token without an asterisk is a whole word', () => {
    expect(found('a photo of a S, Sam', 'S')).toEqual(['S']);
    expect(found('a <dog> and a dogma', '<dog>')).toEqual(['<dog>']);
  });

  test('a token of pattern characters is taken literally', () => {
    expect(placeholderTokenSchema.safeParse('a.b').success).toBe(false);
    expect(found('an S-1 or S11', 'S-1')).toEqual(['S-1']);
  });
});

describe('defaultStrength', () => {
  test.each([
    'a photo of a S*',
    'photo of a S*',
    'The photo of a s*.',
    '  a  rendering of a <S*> ',
    'Close-up photo of the S*!',
  ])('is the depicting one, leading article aside: %s', (prompt) => {
    expect(defaultStrength(prompt, 'S*')).toBe(0.8);
  });

  test.each([
    'a S* in the snow',
    'a photo of a S* in the snow',
    'a photo of a S* and a S*',
    'photo',
    'a photo of a dog',
  ])('is the editing one: %s', (prompt) => {
    expect(defaultStrength(prompt, 'S*')).toBe(0.6);
  });
});
