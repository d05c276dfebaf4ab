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
  const { latents, decoded } = await passThrough(config, weights, images, threads);
  const [count] = images.shape;
  const size = images.data.length / count;
  const psnrs = Array.from({ length: count }, (_, n) =>
    psnrDb(images.data.subarray(n * size, (n + 1) * size), decoded.data.subarray(n * size, (n + 1) * size)),
  );
  const mean = (values: ArrayLike<number>, of = (value: number) => value) => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += of(values[i]);
    return sum / values.length;
  };
  return {
    psnrDb: mean(psnrs),
    latentDeviation: Math.sqrt(mean(latents.data, (value) => value ** 2) - mean(latents.data) ** 2),
  };
}

/** What a VAE makes of pictures. */
export async function reconstruct(
  config: VaeConfig,
  weights: WeightIndex,
  images: FloatTensor,
  threads?: number,
): Promise<FloatTensor> {
  return (await passThrough(config, weights, images, threads)).decoded;
}

async function passThrough(config: VaeConfig, weights: WeightIndex, images: FloatTensor, threads?: number) {
  const [count, , height, width] = images.shape;
  const checkpoints = new Map([['vae', weights]]);
  const factor = vaeFactor(config);
  const latentSize = { height: height / factor, width: width / factor };
  const encoder = await openSession(vaeEncoderGraph(config, { height, width }, portable), checkpoints, { threads });
  const decoder = await openSession(vaeDecoderGraph(config, latentSize, portable), checkpoints, { threads });
  const shape = [count, config.latentChannels, latentSize.height, latentSize.width];
  const latents = { data: new Float32Array(shape.reduce((product, dim) => product * dim, 1)), shape };
  const decoded = { data: new Float32Array(images.data.length), shape: images.shape };
  const size = images.data.length / count;
  // One by one: all at once would need memory for every layer of every picture.
  for (let n = 0; n < count; n++) {
    const data = images.data.subarray(n * size, (n + 1) * size);
    const { mean } = await encoder.run({ image: { data, shape: [1, 3, height, width] } });
    latents.data.set(mean.data, n * mean.data.length);
    decoded.data.set((await decoder.run({ latents: mean })).image.data, n * size);
  }
  await encoder.release();
  await decoder.release();
  return { latents, decoded };
}

/** As 8-bit pictures, which is how they are seen. */
function psnrDb(expected: Float32Array, actual: Float32Array): number {
  const toByte = (value: number) => Math.round(Math.min(1, Math.max(0, value / 2 + 0.5)) * 255);
  let squares = 0;
  for (let i = 0; i < expected.length; i++) squares += (toByte(expected[i]) - toByte(actual[i])) ** 2;
  return 10 * Math.log10(255 ** 2 / (squares / expected.length));
}
