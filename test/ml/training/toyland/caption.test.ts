import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../../gpu-worker/ml/training/random.ts';
import { captionOf, conceptPrompt } from '../../../../gpu-worker/ml/training/toyland/caption.ts';
import { type Character, sampleCharacter } from '../../../../gpu-worker/ml/training/toyland/character.ts';
import type { Depiction } from '../../../../gpu-worker/ml/training/toyland/depiction.ts';

const character: Character = {
  ...sampleCharacter(createRandom(1), 'train'),
  shape: 'octopus',
  hueDegrees: 58,
  pattern: 'striped',
  eyes: 'sleepy',
  accessory: 'sprout',
};
const depiction: Depiction = {
  character,
  pose: { x: 50, y: 60, scale: 0.6, tiltDegrees: 0 },
  scene: 'in the snow',
  sceneSeed: 1,
  edit: 'wearing a red hat',
};

describe('a caption', () => {
  test('that drops nothing binds every attribute to its phrase', () => {
    expect(captionOf(depiction, createRandom(2), 0)).toMatch(
      /an orange striped octopus with sleepy eyes and a green sprout wearing a red hat in the snow$/,
    );
  });

  test('that drops everything still names the scene and the edit, and calls the character a toy', () => {
    expect(captionOf(depiction, createRandom(2), 1)).toMatch(/a toy wearing a red hat in the snow$/);
  });

  test('of a recoloured character names the colour that is seen', () => {
    expect(captionOf({ ...depiction, edit: 'purple' }, createRandom(2), 1)).toMatch(/a purple toy in the snow$/);
  });

  test('drops each attribute about 40 % of the time', () => {
    const captions = Array.from({ length: 2000 }, (_, index) => captionOf(depiction, createRandom(3, index)));
    for (const attribute of ['orange', 'striped', 'octopus', 'sleepy eyes', 'green sprout']) {
      const share = captions.filter((caption) => caption.includes(attribute)).length / captions.length;
      expect(share, attribute).toBeGreaterThan(0.56);
      expect(share, attribute).toBeLessThan(0.64);
    }
  });

  test('never tells what only the picture should tell', () => {
    const told = captionOf(depiction, createRandom(2), 0);
    const other = { ...character, patternTiltDegrees: 1, patternSpacing: 33, patternShift: 4, hueDegrees: 60 };
    expect(captionOf({ ...depiction, character: { ...other, spots: [] } }, createRandom(2), 0)).toBe(told);
  });
});

describe('a prompt about a concept', () => {
  test('puts the placeholder where the character was', () => {
    expect(conceptPrompt(depiction, 'S*', 'a photo of')).toBe('a photo of a S* wearing a red hat in the snow');
  });

  test('puts a colour before the placeholder', () => {
    expect(conceptPrompt({ scene: null, edit: 'red' }, 'S*', '')).toBe('a red S*');
  });
});
