import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  type AlbumPlan,
  openAlbum,
  picturesOfCharacter,
  writeAlbum,
} from '../../../../gpu-worker/ml/training/toyland/album.ts';
import { labels, renderDepiction } from '../../../../gpu-worker/ml/training/toyland/render.ts';

const plan: AlbumPlan = { kind: 'views', seed: 5, split: 'held-out', characters: 3, sizePx: 32 };

async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'album-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test('an album gives back every picture as it was rendered, in any order', async () => {
  const folder = await temporaryFolder();
  const progress: number[] = [];
  for await (const done of writeAlbum(folder, plan)) progress.push(done);
  expect(progress).toEqual([3]);
  const album = await openAlbum(folder);
  onTestFinished(() => album.close());
  expect(album.plan).toEqual(plan);
  expect(album.count).toBe(18);
  const [second, first] = [album.depiction(13), album.depiction(2)];
  expect(first).toEqual(picturesOfCharacter(plan, 0)[2]);
  const renderings = await Promise.all([second, first].map((depiction) => renderDepiction(depiction, plan.sizePx)));
  expect(Buffer.from(album.rgb([13, 2]))).toEqual(Buffer.concat(renderings.map((rendering) => rendering.rgb)));
  expect(Buffer.from(album.labels([13, 2]))).toEqual(Buffer.concat(renderings.map((rendering) => rendering.labels)));
});

test('a picture beyond the end is refused', async () => {
  const folder = await temporaryFolder();
  for await (const done of writeAlbum(folder, { ...plan, characters: 1 })) expect(done).toBe(1);
  const album = await openAlbum(folder);
  onTestFinished(() => album.close());
  expect(() => album.rgb([6])).toThrow('bytes of picture 6, got 0');
});

test('views of one character differ in pose and staging only', () => {
  const views = picturesOfCharacter(plan, 1);
  expect(new Set(views.map((view) => JSON.stringify(view.character))).size).toBe(1);
  expect(new Set(views.map((view) => JSON.stringify(view.pose))).size).toBe(6);
  expect(views.filter((view) => view.scene !== null)).toHaveLength(3);
  expect(views.filter((view) => view.edit !== null)).toHaveLength(2);
});

test('portraits show the same characters, as large as the frame allows and without edits', async () => {
  const portraits = picturesOfCharacter({ ...plan, kind: 'portraits' }, 1);
  expect(portraits.map(({ scene }) => scene !== null)).toEqual([false, true]);
  for (const portrait of portraits) {
    expect(portrait.character).toEqual(picturesOfCharacter(plan, 1)[0].character);
    expect(portrait.edit).toBeNull();
    const sizePx = 64;
    const { labels: map } = await renderDepiction(portrait, sizePx);
    const inside = [...map.keys()].filter((pixel) => map[pixel] === labels.character);
    const columns = inside.map((pixel) => pixel % sizePx);
    const rows = inside.map((pixel) => Math.floor(pixel / sizePx));
    const box = Math.max(Math.max(...columns) - Math.min(...columns), Math.max(...rows) - Math.min(...rows)) + 1;
    expect(box / sizePx).toBeGreaterThan(0.7);
  }
});
