import { expect, test } from 'vitest';
import { createRandom } from '../../../../gpu-worker/ml/training/random.ts';
import {
  type Character,
  patterns,
  sampleCharacter,
  shapes,
  splitOf,
} from '../../../../gpu-worker/ml/training/toyland/character.ts';
import { hueOfWord, hueWords, nameHue } from '../../../../gpu-worker/ml/training/toyland/hue.ts';

const combination = ({ shape, hueDegrees, pattern }: Character) => `${nameHue(hueDegrees)} ${pattern} ${shape}`;

test('no combination of shape, hue word and pattern is drawn on both sides of the split', () => {
  const draw = (split: 'train' | 'held-out') =>
    Array.from({ length: 3000 }, (_, index) => combination(sampleCharacter(createRandom(index), split)));
  const heldOut = new Set(draw('held-out'));
  expect(heldOut.size).toBeGreaterThan(30);
  expect(draw('train').filter((name) => heldOut.has(name))).toEqual([]);
});

test('every shape, hue word and pattern is held out somewhere, and every pair of them is in training somewhere', () => {
  const template = sampleCharacter(createRandom(1), 'train');
  const cells = shapes.flatMap((shape) =>
    hueWords.flatMap((word) =>
      patterns.map((pattern) => ({ ...template, shape, hueDegrees: hueOfWord(word), pattern })),
    ),
  );
  const heldOut = cells.filter((cell) => splitOf(cell) === 'held-out');
  const train = cells.filter((cell) => splitOf(cell) === 'train');
  expect(heldOut).toHaveLength(40);
  expect(new Set(heldOut.map((cell) => cell.shape)).size).toBe(8);
  expect(new Set(heldOut.map((cell) => cell.hueDegrees)).size).toBe(8);
  expect(new Set(heldOut.map((cell) => cell.pattern)).size).toBe(5);
  expect(new Set(train.map((cell) => `${cell.shape} ${cell.hueDegrees}`)).size).toBe(64);
  expect(new Set(train.map((cell) => `${cell.shape} ${cell.pattern}`)).size).toBe(40);
  expect(new Set(train.map((cell) => `${cell.hueDegrees} ${cell.pattern}`)).size).toBe(40);
});
