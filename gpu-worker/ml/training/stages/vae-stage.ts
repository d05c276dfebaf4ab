import { staticDim } from '../../graph/dims.ts';
import { Graph, type Value } from '../../graph/graph.ts';
import { training } from '../../graph/op-sets/training.ts';
import { abs, add, exp, multiply, scalar, slice, subtract } from '../../graph/ops.ts';
import { rootScope } from '../../graph/scope.ts';
import { type VaeConfig, vaeDecoder, vaeEncoder, vaeFactor } from '../../models/vae.ts';
import { type TrainingGraph, trainingGraph } from '../training-graph.ts';
import { meanOf } from './means.ts';

export type VaeStageOptions = {
  batchSize: number;
  /** Side of a picture in pixels. */
  sizePx: number;
  /** How much more a pixel of the object counts than one of its surroundings. */
  objectWeight: number;
  klWeight: number;
};

/**
 * Trains a VAE (Kingma & Welling 2014; Rombach et al. 2022) to give pictures back: L1 on pixels and on the steps between
 * neighbouring ones, both weighted towards the object, and a faint pull of the latents towards a standard normal.
 *
 * Inputs: `image` [batch, 3, s, s] in −1…1, `mask` [batch, 1, s, s] of the object, `noise` of the latents' shape, standard normal.
 */
export function vaeStage(config: VaeConfig, options: VaeStageOptions): TrainingGraph {
  const { batchSize, sizePx, objectWeight, klWeight } = options;
  const graph = new Graph('train_vae');
  const at = rootScope(graph, 'vae', training);
  const latentSize = sizePx / vaeFactor(config);
  const image = graph.input('image', [batchSize, config.imageChannels, sizePx, sizePx]);
  const mask = graph.input('mask', [batchSize, 1, sizePx, sizePx]);
  const noise = graph.input('noise', [batchSize, config.latentChannels, latentSize, latentSize]);

  const { mean, logVariance } = vaeEncoder(at, image, config);
  const latents = add(mean, multiply(exp(multiply(logVariance, scalar(mean, 0.5))), noise));
  const decoded = vaeDecoder(at, latents, config);

  const weight = add(multiply(mask, scalar(mask, objectWeight - 1)), scalar(mask, 1));
  const error = subtract(decoded, image);
  const pixels = meanOf(multiply(abs(error), weight));
  const edges = add(edgeLoss(error, weight, 2), edgeLoss(error, weight, 3));
  const kl = meanOf(divergence(mean, logVariance));
  const loss = add(add(pixels, edges), multiply(kl, scalar(kl, klWeight)));
  return trainingGraph({ loss, pixels, edges, kl }, () => true);
}

function edgeLoss(error: Value, weight: Value, axis: number): Value {
  const size = staticDim(error.shape[axis], 'the picture');
  const step = subtract(slice(error, axis, 1, size), slice(error, axis, 0, size - 1));
  return meanOf(multiply(abs(step), slice(weight, axis, 1, size)));
}

/** KL of N(mean, variance) from N(0, 1), for each element. */
function divergence(mean: Value, logVariance: Value): Value {
  const spread = subtract(exp(logVariance), add(logVariance, scalar(mean, 1)));
  return multiply(add(multiply(mean, mean), spread), scalar(mean, 0.5));
}
