import { type AttributeReaderConfig, attributeReader } from '../../evaluation/attribute-reader.ts';
import { Graph } from '../../graph/graph.ts';
import { training } from '../../graph/op-sets/training.ts';
import { add } from '../../graph/ops.ts';
import { rootScope } from '../../graph/scope.ts';
import { type TrainingGraph, trainingGraph } from '../training-graph.ts';
import { crossEntropy } from './cross-entropy.ts';
import { meanSquaredError } from './means.ts';

/**
 * Trains an attribute reader. Inputs: `image` [batch, 3, size, size] in −1…1 and for each head what it should say [batch, n]: a one-hot
 * choice, or, for heads named in `vectors`, a vector.
 */
export function readerStage(
  config: AttributeReaderConfig,
  options: { batchSize: number; vectors: readonly string[] },
): TrainingGraph {
  const { batchSize, vectors } = options;
  const graph = new Graph('train_reader');
  const at = rootScope(graph, 'attribute_reader', training);
  const image = graph.input('image', [batchSize, 3, config.imageSize, config.imageSize]);
  const losses = Object.entries(attributeReader(at, image, config)).map(([name, read]) => {
    const target = graph.input(name, [batchSize, config.heads[name]]);
    return vectors.includes(name) ? meanSquaredError(read, target) : crossEntropy(read, target, 1);
  });
  return trainingGraph({ loss: losses.reduce(add) }, () => true);
}
