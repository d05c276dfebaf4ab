import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadModel } from '../../elite/load-model.ts';
import { encodeConceptUse, encodePhoto, encodeTexts } from '../../evaluation/conditions.ts';
import { drawPictures } from '../../evaluation/draw-pictures.ts';
import { pictureGrid } from '../../evaluation/picture-grid.ts';
import type { Picture } from '../../image/picture.ts';
import { resizeBicubic } from '../../image/resize-bicubic.ts';
import { createRandom } from '../random.ts';
import type { PhotoSource } from './photo-source.ts';

const placeholder = 'S*';
const prompts = ['a photo of a S*', 'a S* in the snow', 'a S* on the beach'];
const photos = 4;
const drawing = { steps: 20, sampler: 'dpmpp_2m_karras', guidanceScale: 5, batchSize: 2 } as const;

/** A row for each of the first photos: the photo, and what the model in `folder` draws of it. */
export async function previewPhotos(
  folder: string,
  source: PhotoSource,
  { sizePx, strength, threads }: { sizePx: number; strength: number; threads?: number },
): Promise<Uint8Array> {
  const model = await loadModel(folder, { threads, safetyChecker: false });
  try {
    const [unconditional] = await encodeTexts(model, ['']);
    const rows: Picture[][] = [];
    for (let index = 0; index < Math.min(photos, source.count); index++) {
      const { picture, mask } = await source.read(index, createRandom(index));
      const concept = await encodePhoto(model, picture, mask);
      const row = [resizeBicubic(picture, sizePx, sizePx)];
      const use = { placeholder, words: 'primary', strength } as const;
      const conditions = await Promise.all(prompts.map((prompt) => encodeConceptUse(model, prompt, concept, use)));
      const drawings = conditions.map((condition, seed) => ({ condition, seed }));
      for await (const drawn of drawPictures(model, drawings, { ...drawing, sizePx, unconditional })) row.push(drawn);
      rows.push(row);
    }
    return await pictureGrid(rows, { zoom: 1 });
  } finally {
    await model.release();
  }
}

/** A model folder in which everything but `own` files is a link to another's. What was there is replaced. */
export function linkModelFolder(from: string, to: string, own: readonly string[]): void {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (!own.some((file) => name.startsWith(file)) && !existsSync(join(to, name)))
      symlinkSync(resolve(from, name), join(to, name));
  }
}
