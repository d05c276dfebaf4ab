import { staticDim } from '../../graph/dims.ts';
import { Graph, type Value } from '../../graph/graph.ts';
import { training } from '../../graph/op-sets/training.ts';
import { abs, add, exp, multiply, reduceMean, reshape, scalar, slice, subtract } from '../../graph/ops.ts';
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
  /** How much the loss of halved latents counts. */
  halvedWeight: number;
};

/**
 * Trains a VAE (Kingma & Welling 2014; Rombach et al. 2022) to give pictures back: L1 on pixels and on the steps between
 * neighbouring ones, both weighted towards the object, and a faint pull of the latents towards a standard normal.
 *
 * Latents of half the size are to be pictures of half the size (EQ-VAE, Kouzelis et al. 2025). Nothing else keeps a VAE from writing a broad
 * stripe as fine detail of its latents, which noise drowns before a diffusion model has seen it.
 *
 * Inputs: `image` [batch, 3, s, s] in −1…1, `mask` [batch, 1, s, s] of the object, `noise` of the latents' shape, standard normal.
 */
export function vaeStage(config: VaeConfig, options: VaeStageOptions): TrainingGraph {
  const { batchSize, sizePx, objectWeight, klWeight, halvedWeight } = options;
  const graph = new Graph('train_vae');
  const at = rootScope(graph, 'vae', training);
  const latentSize = sizePx / vaeFactor(config);
  const image = graph.input('image', [batchSize, config.imageChannels, sizePx, sizePx]);
  const mask = graph.input('mask', [batchSize, 1, sizePx, sizePx]);
  const noise = graph.input('noise', [batchSize, config.latentChannels, latentSize, latentSize]);

  const { mean, logVariance } = vaeEncoder(at, image, config);
  const latents = add(mean, multiply(exp(multiply(logVariance, scalar(mean, 0.5))), noise));
  const weight = add(multiply(mask, scalar(mask, objectWeight - 1)), scalar(mask, 1));

  const { pixels, edges } = pictureLoss(vaeDecoder(at, latents, config), image, weight);
  const small = pictureLoss(vaeDecoder(at, halved(latents), config), halved(image), halved(weight));
  const halvedLoss = add(small.pixels, small.edges);
  const kl = meanOf(divergence(mean, logVariance));
  const penalties = add(multiply(kl, scalar(kl, klWeight)), multiply(halvedLoss, scalar(kl, halvedWeight)));
  return trainingGraph({ loss: add(add(pixels, edges), penalties), pixels, edges, halved: halvedLoss, kl }, () => true);
}

function pictureLoss(decoded: Value, image: Value, weight: Value): { pixels: Value; edges: Value } {
  const error = subtract(decoded, image);
  return {
    pixels: meanOf(multiply(abs(error), weight)),
    edges: add(edgeLoss(error, weight, 2), edgeLoss(error, weight, 3)),
  };
}

/** [batch, channels, h, w] → [batch, channels, h/2, w/2], the means of squares of four. */
function halved(x: Value): Value {
  const [batch, channels, ...size] = x.shape;
  const [height, width] = size.map((dim) => staticDim(dim, 'the picture') / 2);
  const squares = reshape(x, [batch, channels, height, 2, width, 2]);
  return reshape(reduceMean(squares, [3, 5]), [batch, channels, height, width]);
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
