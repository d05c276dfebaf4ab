import { expect, test } from 'vitest';
import { figures, maskGrid, withoutScene } from '../../../../gpu-worker/ml/training/toyland/object-masks.ts';
import { labels } from '../../../../gpu-worker/ml/training/toyland/render.ts';

const { scene, character, worn } = labels;
const map = Uint8Array.from(
  [
    [scene, scene, scene, scene],
    [scene, worn, worn, scene],
    [scene, character, character, scene],
    [scene, scene, character, scene],
  ].flat(),
);

test('what is worn hides the character, but is part of the figure', () => {
  expect([...withoutScene(map, 1)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0]);
  expect([...figures(map)]).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0]);
});

test('a grid takes the pixel at the corner of each of its places', () => {
  expect([...maskGrid(figures(map), 1, 2)]).toEqual([0, 0, 0, 1]);
});
