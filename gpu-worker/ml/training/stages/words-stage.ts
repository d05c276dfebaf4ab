import { Graph } from '../../graph/graph.ts';
import { training } from '../../graph/op-sets/training.ts';
import { rootScope } from '../../graph/scope.ts';
import { GLOBAL_MAPPER } from '../../layers/dual-cross-attention.ts';
import { globalMapping, type MappingConfig } from '../../models/mapping-networks.ts';
import { type TrainingGraph, trainingGraph } from '../training-graph.ts';
import { meanSquaredError } from './means.ts';

/**
 * Trains the global mapping network alone to write given words: where it starts from when captions are known, as textual inversion starts from
 * the category's word (Gal et al. 2022).
 *
 * Inputs: `features` [batch, words, 1 + patches, size] and `target` [batch, words, wordSize]. Loss: the mean squared error.
 */
export function wordsStage(mapping: MappingConfig, batchSize: number): TrainingGraph {
  const graph = new Graph('train_words');
  const at = rootScope(graph, GLOBAL_MAPPER, training);
  const features = graph.input('features', [batchSize, mapping.words, mapping.patches + 1, mapping.featureSize]);
  const target = graph.input('target', [batchSize, mapping.words, mapping.wordSize]);
  return trainingGraph({ loss: meanSquaredError(globalMapping(at, features, mapping), target) }, () => true);
}
