import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeImage } from '../../image/decode-image.ts';
import { decodeMask } from '../../image/decode-mask.ts';
import { resizeMask } from '../../image/resize-mask.ts';
import { boxOfMask, cropPhoto, type PhotoSource, padBox } from './photo-source.ts';

const photoName = /(?<!_bg)\.(jpe?g|png|webp)$/i;
const maskName = (photo: string) => `${photo.replace(/\.[^.]+$/, '')}_bg.png`;

/** Margins around the object in pixels, the authors'. */
const margins = [10, 19] as const;

/**
 * A folder of photos, each with its mask beside it as the authors' examples have it: `dog.jpg` and `dog_bg.png`, white on the object. A photo
 * with a mask is cut to its object; one without is taken whole.
 *
 * @throws Error if the folder has no photo, or `masks` are required and one is missing.
 */
export async function openPhotoFolder(
  folder: string,
  { masks }: { masks: 'required' | 'optional' },
): Promise<PhotoSource> {
  const names = (await readdir(folder)).filter((name) => photoName.test(name)).sort();
  if (names.length === 0) throw new Error(`${folder}: expected photos (.jpg, .png, .webp), got none`);
  const unmasked = names.filter((name) => !existsSync(join(folder, maskName(name))));
  if (masks === 'required' && unmasked.length > 0) {
    throw new Error(
      `${folder}: expected a mask beside each photo, ${maskName(unmasked[0])} among ${unmasked.length} is missing`,
    );
  }
  return {
    count: names.length,
    async read(index, random) {
      const name = names[index];
      const picture = await decodeImage(await readFile(join(folder, name)));
      if (unmasked.includes(name)) return { picture, mask: null };
      const drawn = await decodeMask(await readFile(join(folder, maskName(name))));
      const mask = resizeMask(drawn, picture.width, picture.height);
      const box = boxOfMask(mask)!; // an empty mask does not decode
      const margin = margins[0] + random.integer(margins[1] - margins[0] + 1);
      return cropPhoto({ picture, mask }, padBox(box, margin, picture));
    },
  };
}
