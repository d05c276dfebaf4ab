import { Graph, type Value } from '../graph/graph.ts';
import type { OpSet } from '../graph/op-sets/op-set.ts';
import { divide, matmul, multiply, reduceSum, reshape, slice, sqrt } from '../graph/ops.ts';
import { rootScope, type Scope } from '../graph/scope.ts';
import { linear } from '../layers/linear.ts';
import { layerNorm } from '../layers/normalization.ts';
import { type ClipTextConfig, clipText } from './clip-text.ts';
import { type ClipVisionConfig, clipVision } from './clip-vision.ts';
import { placeholderColumn } from './unet.ts';

/** A whole CLIP model: two towers and their projections into a joint space of pictures and texts. */
export type ClipConfig = {
  readonly vision: ClipVisionConfig;
  readonly text: ClipTextConfig;
  readonly projectionSize: number;
};

/** Normalised pixels [batch, 3, size, size] → the class token after the last norm [batch, hidden]. */
export function poolPictures(at: Scope, pixels: Value, { vision }: ClipConfig): Value {
  const last = clipVision(at, pixels, vision).at(-1)!;
  const classToken = reshape(slice(last, 1, 0, 1), [last.shape[0], vision.hiddenSize]);
  return layerNorm(at.at('vision_model.post_layernorm'), classToken, vision.layerNormEpsilon);
}

/** Pooled pictures [batch, hidden] → unit vectors [batch, projectionSize] (Radford et al. 2021). */
export function projectPictures(at: Scope, pooled: Value, { projectionSize }: ClipConfig): Value {
  return unitRows(linear(at.at('visual_projection'), pooled, projectionSize, { bias: false }));
}

/** Token ids [batch, positions] and where each text ends [batch] → unit vectors [batch, projectionSize], projected from the end token. */
export function embedTexts(
  at: Scope,
  tokenIds: Value,
  endPosition: Value,
  { text, projectionSize }: ClipConfig,
): Value {
  const [batch] = tokenIds.shape;
  const states = clipText(at, { tokenIds }, text); // [batch, positions, hidden]
  const column = reshape(placeholderColumn(endPosition, text.positions), [batch, 1, text.positions]);
  const pooled = reshape(matmul(column, states), [batch, text.hiddenSize]);
  return unitRows(linear(at.at('text_projection'), pooled, projectionSize, { bias: false }));
}

function unitRows(rows: Value): Value {
  return divide(rows, sqrt(reduceSum(multiply(rows, rows), [1])));
}

/** `pixels` → `embedding`. */
export function pictureEmbeddingGraph(config: ClipConfig, ops: OpSet): Graph {
  const graph = new Graph('clip_pictures');
  const { imageSize } = config.vision;
  const at = rootScope(graph, 'clip', ops);
  const pooled = poolPictures(at, at.input('pixels', ['batch', 3, imageSize, imageSize]), config);
  graph.output('embedding', projectPictures(at, pooled, config));
  return graph;
}

/** `token_ids` and `end_position` → `embedding`. */
export function textEmbeddingGraph(config: ClipConfig, ops: OpSet): Graph {
  const graph = new Graph('clip_texts');
  const at = rootScope(graph, 'clip', ops);
  const tokenIds = at.input('token_ids', ['batch', config.text.positions], 'int32');
  graph.output('embedding', embedTexts(at, tokenIds, at.input('end_position', ['batch'], 'int32'), config));
  return graph;
}
