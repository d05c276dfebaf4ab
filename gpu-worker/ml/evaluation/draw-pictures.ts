import type { SamplerName } from '../../../shared/model-description.ts';
import { combineGuidance } from '../diffusion/guidance.ts';
import { sampleLatents } from '../diffusion/sample-latents.ts';
import { samplers } from '../diffusion/samplers.ts';
import { torchGenerator } from '../diffusion/torch-generator.ts';
import type { EliteModel } from '../elite/elite-model.ts';
import type { Condition } from '../elite/guided-noise.ts';
import { latentsToRgb } from '../image/latents-to-rgb.ts';
import type { Picture } from '../image/picture.ts';

export type DrawOptions = {
  /** Side of the pictures in pixels. */
  sizePx: number;
  steps: number;
  sampler: SamplerName;
  guidanceScale: number;
  /** What guidance guides away from: the encoded empty prompt. */
  unconditional: Condition;
  batchSize: number;
};

/** A picture to draw: what it shows, and the seed of its start noise. */
export type Drawing = { condition: Condition; seed: number };

/** Draws pictures many at a time: a batch goes through the sampler as if it were one, all of its rows in one UNet call. */
export async function* drawPictures(
  model: EliteModel,
  drawings: readonly Drawing[],
  options: DrawOptions,
): AsyncGenerator<Picture> {
  const { batchSize, sizePx } = options;
  const size = { width: sizePx, height: sizePx };
  for (let start = 0; start < drawings.length; start += batchSize) {
    const batch = drawings.slice(start, start + batchSize);
    const latents = await sampleBatch(model, batch, options);
    const length = latents.length / batch.length;
    for (let n = 0; n < batch.length; n++) {
      const decoded = await model.networks.decodeLatents(size, latents.slice(n * length, (n + 1) * length));
      yield { ...size, rgb: latentsToRgb(decoded, size) };
    }
  }
}

function sampleBatch(model: EliteModel, batch: readonly Drawing[], options: DrawOptions): Promise<Float32Array> {
  const { sizePx, steps, sampler, guidanceScale, unconditional } = options;
  const size = { width: sizePx, height: sizePx };
  const length = model.latentCount(size);
  const generators = batch.map(({ seed }) => torchGenerator(seed));
  /** Every picture draws from its own seed, so that it is the same in any batch. */
  const noise = () => joined(generators.map(({ randn }) => randn(length)));
  const method = samplers[sampler];
  return sampleLatents(
    method,
    method.plan(model.schedule, steps),
    noise(),
    async (latents, timestep) => {
      const rowsOf = (conditions: readonly Condition[]) =>
        conditions.map((condition, n) => ({
          ...condition,
          timestep,
          latents: latents.subarray(n * length, (n + 1) * length),
        }));
      const rows = [...rowsOf(batch.map(({ condition }) => condition)), ...rowsOf(batch.map(() => unconditional))];
      const predicted = await model.networks.predictNoise(size, rows);
      const noise = predicted.map((result) => result.noise);
      return joined(batch.map((_, n) => combineGuidance(noise[batch.length + n], noise[n], guidanceScale)));
    },
    { noise },
  );
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.length * parts[0].length);
  for (const [n, part] of parts.entries()) whole.set(part, n * part.length);
  return whole;
}
