import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeImage } from '../../gpu-worker/ml/image/decode-image.ts';
import { decodeMask } from '../../gpu-worker/ml/image/decode-mask.ts';
import { preprocessConcept } from '../../gpu-worker/ml/image/preprocess-concept.ts';
import { resizeBicubic } from '../../gpu-worker/ml/image/resize-bicubic.ts';
import { resizeMask } from '../../gpu-worker/ml/image/resize-mask.ts';
import { expectAbsolute } from './compare.ts';
import { golden, reference, referenceDir } from './reference.ts';

/** Levels, masks and grids are exact; normalising leaves the rounding of float32. */
const TOLERANCE = 1e-6;

const { config, grid } = reference;

function pictureFile(name: string): Buffer {
  return readFileSync(join(referenceDir, 'pictures', `${name}.png`));
}

/** Against the authors' preprocessing, with Pillow 9.4. */
describe.each(reference.pictures_order)('picture %s', async (name) => {
  const photo = await decodeImage(pictureFile(name));
  const mask = await decodeMask(pictureFile(`${name}_bg`));
  const tensors = golden('preprocess');

  it('is decoded to the same levels', () => {
    expect([photo.height, photo.width, 3]).toEqual(tensors.shape(`${name}/rgb_u8`));
    expectAbsolute('photo, decoded levels', photo.rgb, tensors.bytes(`${name}/rgb_u8`), 0);
    const maskLevels = tensors.bytes(`${name}/mask_u8`).filter((_, i) => i % 3 === 0);
    const object = maskLevels.map((level) => (level > 0 ? 1 : 0));
    expectAbsolute('mask, decoded', mask.object, object, 0);
  });

  it('is resized and normalised as for the tiny model', () => {
    const pixels = preprocessConcept(photo, mask, { imageSize: config.image, gridSize: grid });
    expectAbsolute('photo, normalised', pixels.photo, tensors.floats(`${name}/pixel_values_clip`), TOLERANCE);
    expectAbsolute('object, normalised', pixels.object!, tensors.floats(`${name}/pixel_values_obj`), TOLERANCE);
    expectAbsolute('mask, patch grid', pixels.maskGrid, tensors.floats(`${name}/mask_grid`), 0);
    const [height, width] = tensors.shape(`${name}/pixel_values_seg`);
    const resized = resizeMask(mask, width, height);
    expectAbsolute('mask, resized', resized.object, tensors.bytes(`${name}/pixel_values_seg`), 0);
  });

  it.runIf(config.keep224)('is resized level for level and normalised as for ViT-L/14', () => {
    const full = golden('preprocess_224');
    const { photo: whole, object, maskGrid } = preprocessConcept(photo, mask, { imageSize: 224, gridSize: 16 });
    expectAbsolute('mask, patch grid', maskGrid, full.floats(`${name}/mask16`), 0);
    expectAbsolute(
      'photo, resized levels',
      planes(resizeBicubic(photo, 224, 224).rgb),
      full.bytes(`${name}/clip_u8`),
      0,
    );
    for (const [pixels, golden] of [
      [whole, 'clip'],
      [object!, 'obj'],
    ] as const) {
      const normalised = `${name}/pixel_values_${golden}`; // only kept for one picture
      expectAbsolute('object, resized levels', levels(pixels), full.bytes(`${name}/${golden}_u8`), 0);
      if (full.index.has(normalised)) expectAbsolute('photo, normalised', pixels, full.floats(normalised), TOLERANCE);
    }
  });
});

/** [height, width, 3] → [3, height, width] */
function planes(rgb: Uint8Array): number[] {
  return [0, 1, 2].flatMap((channel) => [...rgb.filter((_, i) => i % 3 === channel)]);
}

/** CLIP's units back to levels [3, height, width]. */
function levels(normalised: Float32Array): number[] {
  const [mean, deviation] = [
    [0.48145466, 0.4578275, 0.40821073],
    [0.26862954, 0.26130258, 0.27577711],
  ];
  const pixels = normalised.length / 3;
  return Array.from(normalised, (value, i) => {
    const channel = Math.floor(i / pixels);
    return Math.round((value * deviation[channel] + mean[channel]) * 255);
  });
}
