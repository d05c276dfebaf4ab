import { openAsBlob } from 'node:fs';
import sharp from 'sharp';
import { chooseContestants } from '../../../gpu-worker/ml/evaluation/toyland/contest.ts';
import { labels, renderDepiction } from '../../../gpu-worker/ml/training/toyland/render.ts';
import type { DemoOptions } from './arguments.ts';

const SIDE_PIXELS = 512;

type Photo = { readonly photo: Blob; readonly mask: Blob | null };

/** The user's photo and mask, else a character of toyland. */
export async function openPhoto({ photoFile, maskFile }: DemoOptions): Promise<Photo> {
  if (photoFile === null) return drawCharacter();
  return { photo: await openAsBlob(photoFile), mask: maskFile === null ? null : await openAsBlob(maskFile) };
}

/** A character that the model has never seen, and where it is in the picture. */
async function drawCharacter(): Promise<Photo> {
  const [{ photo }] = chooseContestants(1);
  const { rgb, labels: map } = await renderDepiction(photo, SIDE_PIXELS);
  const object = map.map((label) => (label === labels.character ? 255 : 0));
  return { photo: await png(rgb, 3), mask: await png(object, 1) };
}

async function png(pixels: Uint8Array, channels: 1 | 3): Promise<Blob> {
  const raw = { width: SIDE_PIXELS, height: SIDE_PIXELS, channels };
  return new Blob([new Uint8Array(await sharp(pixels, { raw }).png().toBuffer())]);
}
