import type { ChannelStatistics } from '../evaluation/vae-quality.ts';
import type { TensorToWrite } from '../weights/tensor-to-write.ts';

/**
 * A VAE whose latents have mean 0 and deviation 1 in every channel, and which gives back the same pictures: quantisation's 1 × 1 convolutions before
 * and after the latents take the difference in. A single scaling factor, as SD has it, leaves a channel of little variance in more noise than
 * the others and one of large mean in less.
 *
 * @param tensors the VAE's weights by name, float32
 */
export function standardiseLatents(
  tensors: ReadonlyMap<string, TensorToWrite>,
  statistics: readonly ChannelStatistics[],
): Map<string, TensorToWrite> {
  const standard = new Map(tensors);
  const change = (key: string, edit: (values: Float32Array) => void) => {
    const { shape, data } = tensors.get(key)!;
    const values = Float32Array.from(data as Float32Array);
    edit(values);
    standard.set(key, { shape, data: values });
  };
  const channels = statistics.length;
  // Rows are the channels' means, then their log-variances; each takes all of them [2·channels, 2·channels, 1, 1].
  change('quant_conv.weight', (weight) => {
    for (const [channel, { deviation }] of statistics.entries())
      for (let i = 0; i < 2 * channels; i++) weight[channel * 2 * channels + i] /= deviation;
  });
  change('quant_conv.bias', (bias) => {
    for (const [channel, { mean, deviation }] of statistics.entries()) {
      bias[channel] = (bias[channel] - mean) / deviation;
      bias[channels + channel] -= 2 * Math.log(deviation);
    }
  });
  const after = tensors.get('post_quant_conv.weight')!.data as Float32Array; // [channels, channels, 1, 1]
  change('post_quant_conv.weight', (weight) => {
    for (let i = 0; i < weight.length; i++) weight[i] *= statistics[i % channels].deviation;
  });
  change('post_quant_conv.bias', (bias) => {
    for (let i = 0; i < after.length; i++) bias[Math.floor(i / channels)] += after[i] * statistics[i % channels].mean;
  });
  return standard;
}
