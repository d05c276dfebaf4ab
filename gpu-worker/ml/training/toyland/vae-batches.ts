import { toPlanes, toUnit } from '../pixels.ts';
import { createRandom, type Random } from '../random.ts';
import type { Batch } from '../train.ts';
import type { Album } from './album.ts';
import type { Depiction } from './depiction.ts';
import { labels } from './render.ts';

/**
 * Batches for the VAE: pictures of the album, cropped near the character where `sizePx` is less than theirs, with masks of everything
 * that is not scene. `latentShape` is that of one sample's latents.
 */
export function vaeBatches(
  album: Album,
  options: { seed: number; batchSize: number; sizePx: number; latentShape: readonly number[] },
) {
  const { seed, batchSize, sizePx, latentShape } = options;
  return async (step: number, part: number): Promise<Batch> => {
    const random = createRandom(seed, step, part);
    const indices = Array.from({ length: batchSize }, () => random.integer(album.count));
    const crops = indices.map((index) => cropNear(album.depiction(index), album.plan.sizePx, sizePx, random));
    const noiseShape = [batchSize, ...latentShape];
    const noiseSize = noiseShape.reduce((product, dim) => product * dim, 1);
    return {
      image: toPlanes(album.rgb(indices), 3, crops, toUnit),
      mask: toPlanes(album.labels(indices), 1, crops, (label) => (label === labels.scene ? 0 : 1)),
      noise: { data: Float32Array.from({ length: noiseSize }, () => random.normal()), shape: noiseShape },
    };
  };
}

/** A crop whose middle is within half its size of the character's. */
function cropNear({ pose }: Depiction, fullPx: number, sizePx: number, random: Random) {
  const along = (middle: number) => {
    const wished = (middle / 100) * fullPx - sizePx / 2 + random.uniform(-sizePx / 2, sizePx / 2);
    return Math.round(Math.min(fullPx - sizePx, Math.max(0, wished)));
  };
  return { left: along(pose.x), top: along(pose.y), sizePx };
}
