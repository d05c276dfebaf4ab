import { portable } from '../graph/op-sets/portable.ts';
import type { VaeConfig } from '../models/vae.ts';
import { vaeDecoderGraph, vaeEncoderGraph, vaeFactor } from '../models/vae.ts';
import { type FloatTensor, openSession } from '../runtime/session.ts';
import type { WeightIndex } from '../weights/tensor-location.ts';

export type VaeQuality = {
  /** Mean over the pictures of 10·log₁₀(255² / mean squared error), in dB. */
  psnrDb: number;
  /** Between a latent and the next to the right, the mean over channels: how much of a picture's broad forms the latents keep as broad forms. */
  neighbourCorrelation: number;
};

/** Mean and standard deviation of one channel of a VAE's latents. */
export type ChannelStatistics = { readonly mean: number; readonly deviation: number };

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
  const correlations = statisticsOf(latents).map(({ mean, deviation }, channel) => {
    const [, channels, rows, columns] = latents.shape;
    let sum = 0;
    for (let n = 0; n < count; n++) {
      for (let i = 0; i < rows * columns - 1; i++) {
        const at = (n * channels + channel) * rows * columns + i;
        if (i % columns < columns - 1) sum += (latents.data[at] - mean) * (latents.data[at + 1] - mean);
      }
    }
    return sum / (count * rows * (columns - 1)) / deviation ** 2;
  });
  return { psnrDb: meanOf(psnrs), neighbourCorrelation: meanOf(correlations) };
}

/** Of the latents' means of pictures [n, 3, size, size] in −1…1. */
export async function measureChannels(
  config: VaeConfig,
  weights: WeightIndex,
  images: FloatTensor,
  threads?: number,
): Promise<ChannelStatistics[]> {
  return statisticsOf((await passThrough(config, weights, images, threads)).latents);
}

function statisticsOf({ data, shape: [count, channels, ...size] }: FloatTensor): ChannelStatistics[] {
  const pixels = size[0] * size[1];
  return Array.from({ length: channels }, (_, channel) => {
    let [sum, squares] = [0, 0];
    for (let n = 0; n < count; n++) {
      const start = (n * channels + channel) * pixels;
      for (const value of data.subarray(start, start + pixels)) {
        sum += value;
        squares += value ** 2;
      }
    }
    const mean = sum / (count * pixels);
    return { mean, deviation: Math.sqrt(squares / (count * pixels) - mean ** 2) };
  });
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

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
