import { portable } from '../graph/op-sets/portable.ts';
import type { VaeConfig } from '../models/vae.ts';
import { vaeDecoderGraph, vaeEncoderGraph, vaeFactor } from '../models/vae.ts';
import { type FloatTensor, openSession } from '../runtime/session.ts';
import type { WeightIndex } from '../weights/tensor-location.ts';

export type VaeQuality = {
  /** Mean over the pictures of 10·log₁₀(255² / mean squared error), in dB. */
  psnrDb: number;
  /** Standard deviation of all latents: SD's scaling factor is its inverse. */
  latentDeviation: number;
};

/** Sends pictures [n, 3, size, size] in −1…1 through a VAE and back, by the latents' mean. */
export async function measureVae(
  config: VaeConfig,
  weights: WeightIndex,
  images: FloatTensor,
  threads?: number,
): Promise<VaeQuality> {
  const [count, , height, width] = images.shape;
  const checkpoints = new Map([['vae', weights]]);
  const factor = vaeFactor(config);
  const encoder = await openSession(vaeEncoderGraph(config, { height, width }, portable), checkpoints, { threads });
  const decoder = await openSession(
    vaeDecoderGraph(config, { height: height / factor, width: width / factor }, portable),
    checkpoints,
    { threads },
  );
  const size = images.data.length / count;
  const psnrs: number[] = [];
  let sum = 0;
  let squares = 0;
  let latentCount = 0;
  for (let n = 0; n < count; n++) {
    const data = images.data.subarray(n * size, (n + 1) * size);
    const { mean } = await encoder.run({ image: { data, shape: [1, 3, height, width] } });
    const { image } = await decoder.run({ latents: mean });
    psnrs.push(psnrDb(data, image.data));
    for (const value of mean.data) {
      sum += value;
      squares += value * value;
    }
    latentCount += mean.data.length;
  }
  await Promise.all([encoder.release(), decoder.release()]);
  const average = sum / latentCount;
  return {
    psnrDb: psnrs.reduce((total, value) => total + value, 0) / count,
    latentDeviation: Math.sqrt(squares / latentCount - average ** 2),
  };
}

/** As 8-bit pictures, which is how they are seen. */
function psnrDb(expected: Float32Array, actual: Float32Array): number {
  const toByte = (value: number) => Math.round(Math.min(1, Math.max(0, value / 2 + 0.5)) * 255);
  let squares = 0;
  for (let i = 0; i < expected.length; i++) squares += (toByte(expected[i]) - toByte(actual[i])) ** 2;
  return 10 * Math.log10(255 ** 2 / (squares / expected.length));
}
