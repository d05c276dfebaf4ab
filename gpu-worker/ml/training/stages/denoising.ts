import type { Graph, Value } from '../../graph/graph.ts';
import { divide, multiply } from '../../graph/ops.ts';
import type { UNetConfig } from '../../models/unet.ts';
import { meanSquaredError, squaredError, sumOf } from './means.ts';

/** Sizes of a batch that a UNet is trained on. */
export type DenoisingSize = {
  batchSize: number;
  /** Side of the latents. */
  latentSize: number;
};

/** Inputs `latents` (noised), `timestep` and `noise` of a training batch. */
export function denoisingInputs(
  graph: Graph,
  { latentChannels }: UNetConfig,
  { batchSize, latentSize }: DenoisingSize,
) {
  const shape = [batchSize, latentChannels, latentSize, latentSize];
  return {
    latents: graph.input('latents', shape),
    timestep: graph.input('timestep', [batchSize]),
    noise: graph.input('noise', shape),
  };
}

/** mean((ε̂ − ε)²) (Ho et al. 2020, Eq. 14; ELITE Eq. 1). */
export function noiseLoss(predicted: Value, noise: Value): Value {
  return meanSquaredError(predicted, noise);
}

/**
 * The same over the object only: Σ (ε̂ − ε)²·M / Σ M for M [batch, 1, h, w] (ELITE Eq. 7). As in the authors' code M is counted once and
 * not per channel, so the value is as many times a mean as there are channels.
 */
export function maskedNoiseLoss(predicted: Value, noise: Value, mask: Value): Value {
  return divide(sumOf(multiply(squaredError(predicted, noise), mask)), sumOf(mask));
}
