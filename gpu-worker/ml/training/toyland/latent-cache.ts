import { portable } from '../../graph/op-sets/portable.ts';
import { vaeEncoderGraph, vaeFactor } from '../../models/vae.ts';
import { openSession } from '../../runtime/session.ts';
import { shrinkByHalf, toPlanes, toUnit, wholePictures } from '../pixels.ts';
import type { Album } from './album.ts';
import { componentWeights, trainedVaeConfig } from './trained-model.ts';

export type LatentCache = {
  /** Shape of one picture's latents. */
  shape: readonly [number, number, number];
  /** Latents of pictures of the album, scaled for the UNet [n, channels, h, w]. */
  read(indices: readonly number[]): Promise<Float32Array>;
  close(): Promise<void>;
};

/**
 * The album as the UNet sees it. A picture is encoded the first time it is asked for and then kept in half precision: all of them fit in memory,
 * and no step waits for pictures it does not use. The posterior's mean stands for a sample: its spread is a thousandth of the latents'.
 */
export async function openLatentCache(
  album: Album,
  modelFolder: string,
  { half = false, threads }: { half?: boolean; threads?: number },
): Promise<LatentCache> {
  const config = trainedVaeConfig(modelFolder);
  const sizePx = half ? album.plan.sizePx / 2 : album.plan.sizePx;
  const side = sizePx / vaeFactor(config);
  const shape = [config.latentChannels, side, side] as const;
  const length = config.latentChannels * side ** 2;
  const graph = vaeEncoderGraph(config, { height: sizePx, width: sizePx }, portable);
  const session = await openSession(graph, new Map([['vae', componentWeights(modelFolder, 'vae')]]), { threads });
  const kept = new Float16Array(album.count * length);
  const known = new Uint8Array(album.count);

  const encode = async (indices: readonly number[]) => {
    const full = album.rgb(indices);
    const bytes = half ? shrinkByHalf(full, indices.length) : full;
    const { mean } = await session.run({ image: toPlanes(bytes, 3, wholePictures(indices.length, sizePx), toUnit) });
    for (const [slot, index] of indices.entries()) {
      const latents = mean.data.subarray(slot * length, (slot + 1) * length);
      kept.set(
        latents.map((value) => value * config.scalingFactor),
        index * length,
      );
      known[index] = 1;
    }
  };
  return {
    shape,
    async read(indices) {
      const missing = [...new Set(indices)].filter((index) => known[index] === 0);
      if (missing.length > 0) await encode(missing);
      const latents = new Float32Array(indices.length * length);
      for (const [slot, index] of indices.entries())
        latents.set(kept.subarray(index * length, (index + 1) * length), slot * length);
      return latents;
    },
    close: () => session.release(),
  };
}
