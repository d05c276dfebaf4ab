import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { portable } from '../../graph/op-sets/portable.ts';
import { vaeEncoderGraph, vaeFactor } from '../../models/vae.ts';
import { openSession } from '../../runtime/session.ts';
import { fingerprintModel } from '../../weights/fingerprint.ts';
import { shrinkByHalf, toUnit, wholePlanes } from '../pixels.ts';
import { besideReplicas } from '../replicas.ts';
import type { ToylandContext } from './recipe.ts';
import { componentWeights, trainedVaeConfig } from './trained-model.ts';

export type LatentCache = {
  /** Shape of one picture's latents. */
  shape: readonly [number, number, number];
  /** Latents of pictures of the album, scaled for the UNet [n, channels, h, w]. */
  read(indices: readonly number[]): Promise<Float32Array>;
  /** Leaves what is encoded in the context's folder, for the next time. */
  close(): Promise<void>;
};

/**
 * The album as the UNet sees it. A picture is encoded the first time it is asked for and then kept in half precision: all of them fit in memory,
 * and no step waits for pictures it does not use. Later runs and stages find them again, as long as the VAE is the same. The posterior's mean
 * stands for a sample: its spread is a thousandth of the latents'.
 */
export async function openLatentCache(
  { album, folder, modelFolder }: ToylandContext,
  { half = false } = {},
): Promise<LatentCache> {
  const config = trainedVaeConfig(modelFolder);
  const sizePx = half ? album.plan.sizePx / 2 : album.plan.sizePx;
  const side = sizePx / vaeFactor(config);
  const shape = [config.latentChannels, side, side] as const;
  const length = config.latentChannels * side ** 2;
  const graph = vaeEncoderGraph(config, { height: sizePx, width: sizePx }, portable);
  const weights = new Map([['vae', componentWeights(modelFolder, 'vae')]]);
  const session = await openSession(graph, weights, { threads: besideReplicas });
  const file = join(folder, 'latents', `${fingerprintModel(config, weights)}-${side}.f16`);
  const kept = new Float16Array(album.count * length);
  if (existsSync(file)) new Uint8Array(kept.buffer).set(readFileSync(file));
  // A picture that is not known yet is all zeros, which no encoded one is.
  const known = Array.from({ length: album.count }, (_, index) =>
    kept.subarray(index * length, (index + 1) * length).some((value) => value !== 0),
  );

  const encode = async (indices: readonly number[]) => {
    const full = album.rgb(indices);
    const bytes = half ? shrinkByHalf(full, indices.length) : full;
    const { mean } = await session.run({ image: wholePlanes(bytes, sizePx, toUnit) });
    for (const [slot, index] of indices.entries()) {
      const latents = mean.data.subarray(slot * length, (slot + 1) * length);
      kept.set(
        latents.map((value) => value * config.scalingFactor),
        index * length,
      );
      known[index] = true;
    }
  };
  return {
    shape,
    async read(indices) {
      const missing = [...new Set(indices)].filter((index) => !known[index]);
      if (missing.length > 0) await encode(missing);
      const latents = new Float32Array(indices.length * length);
      for (const [slot, index] of indices.entries())
        latents.set(kept.subarray(index * length, (index + 1) * length), slot * length);
      return latents;
    },
    async close() {
      await session.release();
      await mkdir(join(folder, 'latents'), { recursive: true });
      await writeFile(`${file}.part`, new Uint8Array(kept.buffer));
      await rename(`${file}.part`, file);
    },
  };
}
