import { portable } from '../../graph/op-sets/portable.ts';
import type { Picture } from '../../image/picture.ts';
import { vaeEncoderGraph, vaeFactor } from '../../models/vae.ts';
import { openSession } from '../../runtime/session.ts';
import type { ModelFolder } from '../../weights/open-model-folder.ts';
import { picturePlanes, toUnit } from '../pixels.ts';
import type { Random } from '../random.ts';

/** Encodes square pictures with a frozen VAE: a sample of each one's posterior, scaled for the UNet [n, channels, side, side]. */
export async function openPhotoLatents({ config, checkpoints }: ModelFolder, sizePx: number, threads?: number) {
  const { vae } = config;
  const side = sizePx / vaeFactor(vae);
  if (!Number.isInteger(side)) throw new Error(`expected a size divisible by ${vaeFactor(vae)}, got ${sizePx}`);
  const session = await openSession(vaeEncoderGraph(vae, { height: sizePx, width: sizePx }, portable), checkpoints, {
    threads,
  });
  return {
    shape: [vae.latentChannels, side, side] as const,
    async encode(pictures: readonly Picture[], random: Random): Promise<Float32Array> {
      const { mean, log_variance } = await session.run({ image: picturePlanes(pictures, toUnit) });
      return mean.data.map(
        (value, i) => (value + Math.exp(log_variance.data[i] / 2) * random.normal()) * vae.scalingFactor,
      );
    },
    close: () => session.release(),
  };
}
