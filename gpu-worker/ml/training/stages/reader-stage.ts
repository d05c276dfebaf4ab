import { type AttributeReaderConfig, attributeReader } from '../../evaluation/attribute-reader.ts';
import { Graph } from '../../graph/graph.ts';
import { training } from '../../graph/op-sets/training.ts';
import { rootScope } from '../../graph/scope.ts';
import { type TrainingGraph, trainingGraph } from '../training-graph.ts';
import { attributeLoss } from './attribute-loss.ts';

/** Trains an attribute reader. Inputs: `image` [batch, 3, size, size] in −1…1 and those of `attributeLoss`. */
export function readerStage(
  config: AttributeReaderConfig,
  { batchSize, vectors }: { batchSize: number; vectors: readonly string[] },
): TrainingGraph {
  const graph = new Graph('train_reader');
  const at = rootScope(graph, 'attribute_reader', training);
  const image = graph.input('image', [batchSize, 3, config.imageSize, config.imageSize]);
  return trainingGraph({ loss: attributeLoss(attributeReader(at, image, config), vectors) }, () => true);
}
