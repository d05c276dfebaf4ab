import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../../gpu-worker/ml/training/random.ts';
import {
  type Character,
  type Pattern,
  patterns,
  type Shape,
  sampleCharacter,
  shapes,
} from '../../../../gpu-worker/ml/training/toyland/character.ts';
import { type Depiction, sampleDepiction } from '../../../../gpu-worker/ml/training/toyland/depiction.ts';
import { edits, isRecolouring } from '../../../../gpu-worker/ml/training/toyland/edit.ts';
import { labels, renderDepiction } from '../../../../gpu-worker/ml/training/toyland/render.ts';
import { scenes } from '../../../../gpu-worker/ml/training/toyland/scene.ts';

const sizePx = 64;
const depict = (index: number, more: Partial<Depiction> = {}): Depiction => {
  const random = createRandom(11, index);
  return { ...sampleDepiction(sampleCharacter(random, 'train'), random, { scene: false, edit: false }), ...more };
};

function sampleShape(shape: Shape, index: number): Character {
  for (let attempt = 0; ; attempt++) {
    const character = sampleCharacter(createRandom(13, index, attempt), 'train');
    if (character.shape === shape) return character;
  }
}

/** Pixels at which two pictures differ by more than antialiasing would. */
function changedPixels(a: Uint8Array, b: Uint8Array): number[] {
  return Array.from({ length: a.length / 3 }, (_, pixel) => pixel).filter((pixel) =>
    [0, 1, 2].some((channel) => Math.abs(a[3 * pixel + channel]! - b[3 * pixel + channel]!) > 40),
  );
}

/** Whether a pixel and its eight neighbours all have one of the labels: edges are antialiased, labels are not. */
function isWithin(map: Uint8Array, pixel: number, wanted: (label: number) => boolean): boolean {
  const [x, y] = [pixel % sizePx, Math.floor(pixel / sizePx)];
  return [-1, 0, 1].every((dy) =>
    [-1, 0, 1].every((dx) => {
      const inFrame = x + dx >= 0 && x + dx < sizePx && y + dy >= 0 && y + dy < sizePx;
      return !inFrame || wanted(map[(y + dy) * sizePx + x + dx]!);
    }),
  );
}

test('the same depiction gives the same pixels', async () => {
  const [first, second] = await Promise.all([renderDepiction(depict(1), sizePx), renderDepiction(depict(1), sizePx)]);
  expect(second).toEqual(first);
});

describe.each(shapes)('a %s', (shape) => {
  test('has a box of about 50 to 75 % of the frame and fills a good part of it', async () => {
    for (let index = 0; index < 5; index++) {
      const depiction = depict(index);
      depiction.character.shape = shape;
      const map = (await renderDepiction(depiction, sizePx)).labels;
      const inside = [...map.keys()].filter((pixel) => map[pixel] === labels.character);
      const columns = inside.map((pixel) => pixel % sizePx);
      const rows = inside.map((pixel) => Math.floor(pixel / sizePx));
      const box = Math.max(Math.max(...columns) - Math.min(...columns), Math.max(...rows) - Math.min(...rows)) + 1;
      expect(box / sizePx).toBeGreaterThan(0.45);
      expect(box / sizePx).toBeLessThan(0.85);
      expect(inside.length / map.length).toBeGreaterThan(0.08);
      expect(inside.length / map.length).toBeLessThan(0.5);
    }
  });

  test('changes only inside its mask when its hue changes', async () => {
    const depiction = depict(3);
    depiction.character.shape = shape;
    const recoloured = {
      ...depiction,
      character: { ...depiction.character, hueDegrees: depiction.character.hueDegrees + 180 },
    };
    const [before, after] = await Promise.all([
      renderDepiction(depiction, sizePx),
      renderDepiction(recoloured, sizePx),
    ]);
    const changed = changedPixels(before.rgb, after.rgb);
    expect(changed.length).toBeGreaterThan(150);
    expect(changed.filter((pixel) => isWithin(before.labels, pixel, (label) => label === labels.scene))).toEqual([]);
  });
});

describe.each(patterns.filter((pattern) => pattern !== 'plain'))('a %s pattern', (pattern) => {
  test.each(shapes)('shows on every %s, and only there', async (shape) => {
    for (let index = 0; index < 5; index++) {
      const depiction = depict(index);
      const painted = (name: Pattern) => ({
        ...depiction,
        // Spots sit where this body has room for them.
        character: { ...sampleShape(shape, index), hueDegrees: 300, pattern: name },
      });
      const [plain, patterned] = await Promise.all(
        [painted('plain'), painted(pattern)].map((each) => renderDepiction(each, sizePx)),
      );
      const changed = changedPixels(plain.rgb, patterned.rgb);
      const inside = plain.labels.filter((label) => label === labels.character).length;
      expect(changed.length / inside).toBeGreaterThan(0.1);
      expect(changed.length / inside).toBeLessThan(0.8);
      expect(changed.filter((pixel) => isWithin(plain.labels, pixel, (label) => label === labels.scene))).toEqual([]);
    }
  });
});

test.each(edits)('the edit “%s” shows, and what is worn is labelled as worn', async (edit) => {
  const plain = depict(2);
  plain.character.hueDegrees = 140;
  const [before, after] = await Promise.all([
    renderDepiction(plain, sizePx),
    renderDepiction({ ...plain, edit }, sizePx),
  ]);
  expect(changedPixels(before.rgb, after.rgb).length).toBeGreaterThan(60);
  expect(after.labels.includes(labels.worn)).toBe(!isRecolouring(edit));
});

test('scenes differ from each other and leave the character as it is', async () => {
  const pictures = await Promise.all([null, ...scenes].map((scene) => renderDepiction(depict(5, { scene }), sizePx)));
  for (const [i, a] of pictures.entries()) {
    for (const b of pictures.slice(0, i)) {
      const changed = changedPixels(a.rgb, b.rgb);
      expect(changed.length).toBeGreaterThan(400);
      expect(changed.filter((pixel) => isWithin(a.labels, pixel, (label) => label !== labels.scene))).toEqual([]);
    }
  }
});
