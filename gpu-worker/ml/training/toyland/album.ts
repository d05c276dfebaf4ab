import { closeSync, openSync, readSync } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '../random.ts';
import { type Split, sampleCharacter } from './character.ts';
import { type Depiction, type Staging, sampleDepiction } from './depiction.ts';
import { renderDepiction } from './render.ts';

/** How the pictures of a character are staged, in this order. */
export const stagings = {
  /** What the model learns to draw: half in a named scene, a third edited. */
  views: [
    { scene: false, edit: false },
    { scene: true, edit: false },
    { scene: true, edit: false },
    { scene: false, edit: true },
    { scene: true, edit: true },
    { scene: false, edit: false },
  ],
  /** Photos of concepts: the character as it is, cropped to it. */
  portraits: [
    { scene: false, edit: false, closeUp: true },
    { scene: true, edit: false, closeUp: true },
  ],
} as const satisfies Readonly<Record<string, readonly Staging[]>>;

export type AlbumKind = keyof typeof stagings;

export type AlbumPlan = { kind: AlbumKind; seed: number; split: Split; characters: number; sizePx: number };

/** The pictures of character `index`, which is the same character in albums of both kinds: n · index … n · index + n − 1 of an album. */
export function picturesOfCharacter(
  { kind, seed, split }: Pick<AlbumPlan, 'kind' | 'seed' | 'split'>,
  index: number,
): Depiction[] {
  const character = sampleCharacter(createRandom(seed, index), split);
  const first = kind === 'views' ? 0 : stagings.views.length;
  return stagings[kind].map((staging, turn) =>
    sampleDepiction(character, createRandom(seed, index, first + turn), staging),
  );
}

export type Album = {
  plan: AlbumPlan;
  /** Pictures in all: one a character and staging. */
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
      const pictures = characters.flatMap((index) => picturesOfCharacter(plan, index));
      const renderings = await Promise.all(pictures.map((picture) => renderDepiction(picture, plan.sizePx)));
      await rgb!.write(Buffer.concat(renderings.map((rendering) => rendering.rgb)));
      await labels!.write(Buffer.concat(renderings.map((rendering) => rendering.labels)));
      await depictions!.write(pictures.map((picture) => `${JSON.stringify(picture)}\n`).join(''));
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
