import { Graph, type Value } from '../../graph/graph.ts';
import { training } from '../../graph/op-sets/training.ts';
import { add, exp, log, matmul, multiply, reduceMax, reduceSum, scalar, subtract, transpose } from '../../graph/ops.ts';
import { rootScope } from '../../graph/scope.ts';
import { type ClipConfig, embedPictures, embedTexts } from '../../models/clip-embedding.ts';
import { type TrainingGraph, trainingGraph } from '../training-graph.ts';
import { meanOf } from './denoising.ts';

/**
 * Trains both towers of CLIP to find each picture's caption among the batch's, and each caption's picture (Radford et al. 2021).
 *
 * Inputs: `pixels` [batch, 3, size, size], normalised, `token_ids` [batch, positions] and `end_position` [batch].
 */
export function clipStage(config: ClipConfig, batchSize: number): TrainingGraph {
  const graph = new Graph('train_clip');
  const at = rootScope(graph, 'clip', training);
  const { imageSize } = config.vision;
  const pixels = graph.input('pixels', [batchSize, 3, imageSize, imageSize]);
  const tokenIds = graph.input('token_ids', [batchSize, config.text.positions], 'int32');
  const endPosition = graph.input('end_position', [batchSize], 'int32');
  const pictures = embedPictures(at, pixels, config);
  const texts = embedTexts(at, tokenIds, endPosition, config);
  const logits = multiply(matmul(pictures, transpose(texts, [1, 0])), exp(at.parameter('logit_scale', [1]))); // [pictures, texts]
  const loss = multiply(add(diagonalLoss(logits, 0), diagonalLoss(logits, 1)), scalar(logits, 0.5));
  return trainingGraph({ loss }, () => true);
}

/** Mean cross-entropy of softmax along an axis of [n, n] against the diagonal. */
function diagonalLoss(logits: Value, axis: number): Value {
  const [size] = logits.shape.map(Number);
  const diagonal = logits.graph.constant(
    Float32Array.from({ length: size ** 2 }, (_, i) => (i % size === Math.floor(i / size) ? 1 : 0)),
    [size, size],
  );
  const shifted = subtract(logits, reduceMax(logits, [axis]));
  const normaliser = log(reduceSum(exp(shifted), [axis]));
  const hits = reduceSum(multiply(shifted, diagonal), [axis]);
  return meanOf(subtract(normaliser, hits));
}
