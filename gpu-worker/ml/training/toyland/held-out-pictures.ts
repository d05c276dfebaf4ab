import type { FloatTensor } from '../../runtime/session.ts';
import { toUnit, wholePlanes } from '../pixels.ts';
import { type AlbumKind, picturesOfCharacter } from './album.ts';
import type { Depiction } from './depiction.ts';
import { renderDepiction } from './render.ts';

/** All pictures of a kind of the first characters that training never sees. */
export function heldOutDepictions(characters: number, kind: AlbumKind = 'views'): Depiction[] {
  const plan = { kind, seed: 0, split: 'held-out' } as const;
  return Array.from({ length: characters }, (_, index) => picturesOfCharacter(plan, index)).flat();
}

/** Rendered depictions one after another, [n, size, size, 3]. */
export async function depictionBytes(depictions: readonly Depiction[], sizePx: number): Promise<Uint8Array> {
  const renderings = await Promise.all(depictions.map((depiction) => renderDepiction(depiction, sizePx)));
  return Buffer.concat(renderings.map(({ rgb }) => rgb));
}

/** Depictions as the VAE sees pictures: [n, 3, size, size] in −1…1. */
export async function depictionTensor(depictions: readonly Depiction[], sizePx: number): Promise<FloatTensor> {
  return wholePlanes(await depictionBytes(depictions, sizePx), sizePx, toUnit);
}
