import { Graph } from '../../graph/graph.ts';
import { training } from '../../graph/op-sets/training.ts';
import { add, exp, matmul, multiply, scalar, transpose } from '../../graph/ops.ts';
import { rootScope } from '../../graph/scope.ts';
import { linear } from '../../layers/linear.ts';
import { type ClipConfig, embedTexts, poolPictures, projectPictures } from '../../models/clip-embedding.ts';
import { trainingGraph } from '../training-graph.ts';
import { attributeLoss } from './attribute-loss.ts';
import { crossEntropy } from './cross-entropy.ts';

/** Attributes that the vision tower is asked for besides captions: numbers a head by name, and which heads say a vector. */
export type AskedAttributes = { heads: Readonly<Record<string, number>>; vectors: readonly string[] };

/** Where the weights are that only answer for attributes, and are no part of CLIP. */
export const attributeHeads = 'attributes.';

/**
 * Trains both towers of CLIP to find each picture's caption among the batch's, and each caption's picture (Radford et al. 2021), and the vision tower
 * to say what `asked` for: batches of tens, where CLIP had 32 768, teach it little but colour.
 *
 * Inputs: `pixels` [batch, 3, size, size], normalised, `token_ids` [batch, positions], `end_position` [batch] and those of `attributeLoss`.
 */
export function clipStage(config: ClipConfig, { batchSize, asked }: { batchSize: number; asked: AskedAttributes }) {
  const graph = new Graph('train_clip');
  const at = rootScope(graph, 'clip', training);
  const { imageSize } = config.vision;
  const pixels = graph.input('pixels', [batchSize, 3, imageSize, imageSize]);
  const tokenIds = graph.input('token_ids', [batchSize, config.text.positions], 'int32');
  const endPosition = graph.input('end_position', [batchSize], 'int32');
  const pooled = poolPictures(at, pixels, config);
  const pictures = projectPictures(at, pooled, config);
  const texts = embedTexts(at, tokenIds, endPosition, config);
  const logits = multiply(matmul(pictures, transpose(texts, [1, 0])), exp(at.parameter('logit_scale', [1]))); // [pictures, texts]
  const pairs = graph.constant(
    Float32Array.from({ length: batchSize ** 2 }, (_, i) => (i % batchSize === Math.floor(i / batchSize) ? 1 : 0)),
    [batchSize, batchSize],
  );
  const captions = multiply(add(crossEntropy(logits, pairs, 0), crossEntropy(logits, pairs, 1)), scalar(logits, 0.5));
  const read = Object.entries(asked.heads).map(([name, size]) => [
    name,
    linear(at.at(`${attributeHeads}${name}`), pooled, size),
  ]);
  const attributes = attributeLoss(Object.fromEntries(read), asked.vectors);
  return trainingGraph({ loss: add(captions, attributes), captions, attributes }, () => true);
}
