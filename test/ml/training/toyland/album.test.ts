import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  type AlbumPlan,
  openAlbum,
  viewsOfCharacter,
  writeAlbum,
} from '../../../../gpu-worker/ml/training/toyland/album.ts';
import { renderDepiction } from '../../../../gpu-worker/ml/training/toyland/render.ts';

const plan: AlbumPlan = { seed: 5, split: 'held-out', characters: 3, sizePx: 32 };

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
  expect(first).toEqual(viewsOfCharacter(plan, 0)[2]);
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
  const views = viewsOfCharacter(plan, 1);
  expect(new Set(views.map((view) => JSON.stringify(view.character))).size).toBe(1);
  expect(new Set(views.map((view) => JSON.stringify(view.pose))).size).toBe(6);
  expect(views.filter((view) => view.scene !== null)).toHaveLength(3);
  expect(views.filter((view) => view.edit !== null)).toHaveLength(2);
});
