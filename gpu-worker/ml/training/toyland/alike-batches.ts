import type { Random } from '../random.ts';
import type { Album } from './album.ts';
import { hueAfterEdit } from './edit.ts';
import { nameHue } from './hue.ts';

/**
 * Draws `size` pictures of one hue word in one scene with one edit, as numbers in the album; any pictures where no such group has twice as many,
 * since the same one would come again.
 */
export function alikeSampler(album: Pick<Album, 'count' | 'depiction'>, size: number): (random: Random) => number[] {
  const all = [...Array(album.count).keys()];
  const groups = Map.groupBy(all, (index) => {
    const { character, scene, edit } = album.depiction(index);
    return `${nameHue(hueAfterEdit(character.hueDegrees, edit))} ${scene} ${edit}`;
  });
  const large = [...groups.values()].filter(({ length }) => length >= 2 * size);
  const pool = large.length > 0 ? large : [all];
  return (random) => {
    const group = random.pick(pool);
    return Array.from({ length: size }, () => random.pick(group));
  };
}
