import { Graph } from '../../graph/graph.ts';
import { training } from '../../graph/op-sets/training.ts';
import { add, exp, matmul, multiply, scalar, transpose } from '../../graph/ops.ts';
import { rootScope } from '../../graph/scope.ts';
import { type ClipConfig, embedPictures, embedTexts } from '../../models/clip-embedding.ts';
import { type TrainingGraph, trainingGraph } from '../training-graph.ts';
import { crossEntropy } from './cross-entropy.ts';

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
  const pairs = graph.constant(
    Float32Array.from({ length: batchSize ** 2 }, (_, i) => (i % batchSize === Math.floor(i / batchSize) ? 1 : 0)),
    [batchSize, batchSize],
  );
  const loss = multiply(add(crossEntropy(logits, pairs, 0), crossEntropy(logits, pairs, 1)), scalar(logits, 0.5));
  return trainingGraph({ loss }, () => true);
}
