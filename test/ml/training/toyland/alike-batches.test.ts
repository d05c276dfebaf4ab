import { expect, test } from 'vitest';
import { createRandom } from '../../../../gpu-worker/ml/training/random.ts';
import { picturesOfCharacter } from '../../../../gpu-worker/ml/training/toyland/album.ts';
import { alikeSampler } from '../../../../gpu-worker/ml/training/toyland/alike-batches.ts';
import { hueAfterEdit } from '../../../../gpu-worker/ml/training/toyland/edit.ts';
import { nameHue } from '../../../../gpu-worker/ml/training/toyland/hue.ts';

const plan = { kind: 'portraits', seed: 3, split: 'train' } as const;
const depictions = Array.from({ length: 400 }, (_, index) => picturesOfCharacter(plan, index)).flat();
const album = { count: depictions.length, depiction: (index: number) => depictions[index] };

test('a batch holds pictures that only shape, pattern and face tell apart', () => {
  const sample = alikeSampler(album, 16);
  for (let seed = 0; seed < 20; seed++) {
    const batch = sample(createRandom(seed)).map(album.depiction);
    expect(batch).toHaveLength(16);
    expect(new Set(batch.map(({ scene }) => scene)).size).toBe(1);
    expect(new Set(batch.map(({ edit }) => edit)).size).toBe(1);
    expect(new Set(batch.map(({ character, edit }) => nameHue(hueAfterEdit(character.hueDegrees, edit)))).size).toBe(1);
    expect(new Set(batch.map(({ character }) => character.shape)).size).toBeGreaterThan(2);
  }
});

test('takes any pictures where no group is large enough', () => {
  const batch = alikeSampler(album, 400)(createRandom(1)).map(album.depiction);
  expect(new Set(batch.map(({ scene }) => scene)).size).toBeGreaterThan(2);
});
