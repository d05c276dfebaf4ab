import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse';
import { decodeImage } from '../../image/decode-image.ts';
import { decodeMask } from '../../image/decode-mask.ts';
import { resizeMask } from '../../image/resize-mask.ts';
import { boxOfMask, cropPhoto, type PhotoSource, padBox } from './photo-source.ts';

export type OpenImagesSet = 'train' | 'validation' | 'test';

/** What the authors keep of Open Images V6. */
const boxArea = { least: 0.02, most: 0.8 };
const boxMarginPx = 10;
const smallestObjectPx = 100;
const mostElongated = 2;
const segmentMargins = [10, 19] as const;

/**
 * Open Images V6 by its boxes, for the global stage, in the authors' folders: `annotations/oidv6-train-annotations-bbox.csv` (for the other
 * sets `annotations/validation-annotations-bbox.csv`, …) and `images/train/<ImageID>.jpg`. Boxes that are tiny or nearly the whole picture
 * are left out.
 */
export async function openImageBoxes(root: string, set: OpenImagesSet): Promise<PhotoSource> {
  const file = join(root, 'annotations', `${set === 'train' ? 'oidv6-train' : set}-annotations-bbox.csv`);
  const boxes: { image: string; box: readonly [number, number, number, number] }[] = [];
  for await (const row of readCsv(file)) {
    const [left, right, top, bottom] = [row.XMin, row.XMax, row.YMin, row.YMax].map(Number);
    const area = (right - left) * (bottom - top);
    if (area >= boxArea.least && area <= boxArea.most)
      boxes.push({ image: row.ImageID, box: [left, right, top, bottom] });
  }
  if (boxes.length === 0)
    throw new Error(`${file}: expected boxes of ${boxArea.least} to ${boxArea.most} of a picture, got none`);
  return {
    count: boxes.length,
    async read(index) {
      const { image, box } = boxes[index];
      const picture = await decodeImage(await readFile(join(root, 'images', set, `${image}.jpg`)));
      const [left, right, top, bottom] = box;
      const { width, height } = picture;
      const inPixels = { left: left * width, right: right * width, top: top * height, bottom: bottom * height };
      return cropPhoto({ picture, mask: null }, padBox(inPixels, boxMarginPx, picture));
    },
  };
}

/**
 * Open Images V6 by its segmentations, for the local stage: `annotations/train-annotations-object-segmentation.csv`, `segs/train/<MaskPath>`
 * and `images/train/<ImageID>.jpg`. The box of an object is its mask's, which the authors compute beforehand. Objects under 100 pixels or
 * more than twice as long as wide are skipped: reading goes on to the next index.
 */
export async function openImageSegments(root: string, set: OpenImagesSet): Promise<PhotoSource> {
  const file = join(root, 'annotations', `${set}-annotations-object-segmentation.csv`);
  const segments: { image: string; mask: string }[] = [];
  for await (const row of readCsv(file)) segments.push({ image: row.ImageID, mask: row.MaskPath });
  const readSegment = async ({ image, mask: maskFile }: (typeof segments)[number]) => {
    const picture = await decodeImage(await readFile(join(root, 'images', set, `${image}.jpg`)));
    const drawn = await decodeMask(await readFile(join(root, 'segs', set, maskFile)));
    const mask = resizeMask(drawn, picture.width, picture.height);
    return { photo: { picture, mask }, box: boxOfMask(mask) };
  };
  return {
    count: segments.length,
    async read(index, random) {
      for (let offset = 0; offset < segments.length; offset++) {
        const { photo, box } = await readSegment(segments[(index + offset) % segments.length]);
        const [width, height] = box ? [box.right - box.left, box.bottom - box.top] : [0, 0];
        const usable =
          Math.min(width, height) >= smallestObjectPx && Math.max(width / height, height / width) <= mostElongated;
        if (!box || !usable) continue;
        const margin = segmentMargins[0] + random.integer(segmentMargins[1] - segmentMargins[0] + 1);
        return cropPhoto(photo, padBox(box, margin, photo.picture));
      }
      throw new Error(
        `${file}: expected an object of at least ${smallestObjectPx} pixels, got none in ${segments.length}`,
      );
    },
  };
}

function readCsv(file: string): AsyncIterable<Record<string, string>> {
  return createReadStream(file).pipe(parse({ columns: true }));
}
