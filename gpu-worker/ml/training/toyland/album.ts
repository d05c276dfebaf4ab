import { closeSync, openSync, readSync } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '../random.ts';
import { type Split, sampleCharacter } from './character.ts';
import { type Depiction, type Staging, sampleDepiction } from './depiction.ts';
import { renderDepiction } from './render.ts';

/**
 * How the views of a character are staged, in this order: half in a named scene, a third edited, and four without an edit, which
 * can serve as the photo of a concept.
 */
export const viewStagings: readonly Staging[] = [
  { scene: false, edit: false },
  { scene: true, edit: false },
  { scene: true, edit: false },
  { scene: false, edit: true },
  { scene: true, edit: true },
  { scene: false, edit: false },
];

export type AlbumPlan = { seed: number; split: Split; characters: number; sizePx: number };

/** The views of character `index`: what the album's pictures with numbers index · 6 … index · 6 + 5 show. */
export function viewsOfCharacter({ seed, split }: Pick<AlbumPlan, 'seed' | 'split'>, index: number): Depiction[] {
  const character = sampleCharacter(createRandom(seed, index), split);
  return viewStagings.map((staging, view) => sampleDepiction(character, createRandom(seed, index, view), staging));
}

export type Album = {
  plan: AlbumPlan;
  /** Pictures in all: six a character. */
  count: number;
  depiction(index: number): Depiction;
  /** [indices.length, size, size, 3] */
  rgb(indices: readonly number[]): Uint8Array;
  /** [indices.length, size, size] */
  labels(indices: readonly number[]): Uint8Array;
  close(): void;
};

const fileNames = { plan: 'album.json', rgb: 'rgb.u8', labels: 'labels.u8', depictions: 'depictions.jsonl' };

/**
 * Renders an album into `folder`: raw pixels and label maps one after another, and a line of JSON for each depiction.
 * `album.json` comes last, so a folder without it is unfinished. Yields the number of characters done.
 */
export async function* writeAlbum(folder: string, plan: AlbumPlan): AsyncGenerator<number> {
  await mkdir(folder, { recursive: true });
  const [rgb, labels, depictions] = await Promise.all(
    [fileNames.rgb, fileNames.labels, fileNames.depictions].map((name) => open(join(folder, name), 'w')),
  );
  const atOnce = 16;
  try {
    for (let start = 0; start < plan.characters; start += atOnce) {
      const characters = Array.from({ length: Math.min(atOnce, plan.characters - start) }, (_, i) => start + i);
      const views = characters.flatMap((index) => viewsOfCharacter(plan, index));
      const renderings = await Promise.all(views.map((view) => renderDepiction(view, plan.sizePx)));
      await rgb!.write(Buffer.concat(renderings.map((rendering) => rendering.rgb)));
      await labels!.write(Buffer.concat(renderings.map((rendering) => rendering.labels)));
      await depictions!.write(views.map((view) => `${JSON.stringify(view)}\n`).join(''));
      yield start + characters.length;
    }
  } finally {
    await Promise.all([rgb, labels, depictions].map((file) => file!.close()));
  }
  await writeFile(join(folder, fileNames.plan), `${JSON.stringify(plan)}\n`);
}

/** Opens a finished album. Pixels stay on disk; a batch is read where it lies. */
export async function openAlbum(folder: string): Promise<Album> {
  const plan: AlbumPlan = JSON.parse(await readFile(join(folder, fileNames.plan), 'utf8'));
  const depictions = (await readFile(join(folder, fileNames.depictions), 'utf8')).trimEnd().split('\n');
  const pixels = plan.sizePx ** 2;
  const files = {
    rgb: openSync(join(folder, fileNames.rgb), 'r'),
    labels: openSync(join(folder, fileNames.labels), 'r'),
  };
  return {
    plan,
    count: depictions.length,
    depiction: (index) => JSON.parse(depictions[index]!),
    rgb: (indices) => readRecords(files.rgb, indices, 3 * pixels),
    labels: (indices) => readRecords(files.labels, indices, pixels),
    close() {
      closeSync(files.rgb);
      closeSync(files.labels);
    },
  };
}

function readRecords(file: number, indices: readonly number[], recordBytes: number): Uint8Array {
  const records = new Uint8Array(indices.length * recordBytes);
  for (const [slot, index] of indices.entries()) {
    const read = readSync(file, records, slot * recordBytes, recordBytes, index * recordBytes);
    if (read !== recordBytes) throw new Error(`Expected ${recordBytes} bytes of picture ${index}, got ${read}.`);
  }
  return records;
}
