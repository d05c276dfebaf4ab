import { expect, test } from 'vitest';
import { chooseContestants, tasksOf } from '../../../../gpu-worker/ml/evaluation/toyland/contest.ts';
import { splitOf } from '../../../../gpu-worker/ml/training/toyland/character.ts';
import { placeholder } from '../../../../gpu-worker/ml/training/toyland/concept-batches.ts';
import { nameHue } from '../../../../gpu-worker/ml/training/toyland/hue.ts';

const contestants = chooseContestants(50);

test('contestants are held-out characters, each with four rivals of its colour and four of its shape', () => {
  expect(contestants).toHaveLength(50);
  for (const { character, photo } of contestants) {
    expect(splitOf(character)).toBe('held-out');
    expect(photo.character).toBe(character);
    const rivals = contestants.map((other) => other.character).filter((other) => other !== character);
    expect(rivals.filter(({ shape }) => shape === character.shape).length).toBeGreaterThanOrEqual(4);
    const sameHue = rivals.filter(({ hueDegrees }) => nameHue(hueDegrees) === nameHue(character.hueDegrees));
    expect(sameHue.length).toBeGreaterThanOrEqual(4);
  }
});

test('tasks ask for every scene and every edit about equally often, and for nothing but one of them', () => {
  const asked = new Map<string, number>();
  for (let index = 0; index < 40; index++) {
    for (const { scene, edit, prompt } of tasksOf(index, 4)) {
      expect([scene, edit].filter((part) => part !== null)).toHaveLength(1);
      expect(prompt(placeholder)).toContain(placeholder);
      expect(prompt(placeholder)).toContain(scene ?? edit);
      asked.set((scene ?? edit)!, (asked.get((scene ?? edit)!) ?? 0) + 1);
    }
  }
  expect(asked.size).toBe(16);
  expect([...asked.values()]).toEqual(Array(16).fill(10));
});
