import { staticDim } from '../graph/dims.ts';
import { Graph, type Value } from '../graph/graph.ts';
import type { OpSet } from '../graph/op-sets/op-set.ts';
import { clip, divide, multiply, reduceSum, reshape, slice, sqrt, subtract } from '../graph/ops.ts';
import { rootScope, type Scope } from '../graph/scope.ts';
import { linear } from '../layers/linear.ts';
import { layerNorm } from '../layers/normalization.ts';
import { type ClipVisionConfig, clipVision, VIT_L_14 } from './clip-vision.ts';

export type SafetyCheckerConfig = {
  readonly vision: ClipVisionConfig;
  /** Size of CLIP's joint space of pictures and texts. */
  readonly projectionSize: number;
};

/** The safety checker of Stable Diffusion v1-4. */
export const SD_V1_4_SAFETY_CHECKER: SafetyCheckerConfig = { vision: VIT_L_14, projectionSize: 768 };

/** Concepts that a picture is compared with, and those that make the comparison stricter: the numbers of the official file. */
export const UNSAFE_CONCEPTS = 17;
export const SPECIAL_CARE_CONCEPTS = 3;

/** What torch's `normalize` divides by at least. */
const SMALLEST_NORM = 1e-12;
const LARGEST_FLOAT32 = 3.4028234663852886e38;

/**
 * How much closer a picture is to each concept than the concept's threshold allows (diffusers 0.11, safety_checker.py): `pixels`
 * [batch, 3, size, size], as CLIP takes them → `special_care_scores` [batch, 3] and `concept_scores` [batch, 17].
 */
export function safetyCheckerGraph(config: SafetyCheckerConfig, ops: OpSet): Graph {
  const { vision } = config;
  const graph = new Graph('safety_checker');
  const at = rootScope(graph, 'safety_checker', ops);
  const pixels = at.input('pixels', ['batch', 3, vision.imageSize, vision.imageSize]);
  const embedding = embedPicture(at, pixels, config);
  graph.output('special_care_scores', conceptScores(at, 'special_care_embeds', embedding, SPECIAL_CARE_CONCEPTS));
  graph.output('concept_scores', conceptScores(at, 'concept_embeds', embedding, UNSAFE_CONCEPTS));
  return graph;
}

/** CLIP's embedding of pictures, projected from the class token: → [batch, projectionSize]. */
function embedPicture(at: Scope, pixels: Value, { vision, projectionSize }: SafetyCheckerConfig): Value {
  const clipModel = at.at('vision_model');
  const last = clipVision(clipModel, pixels, vision).at(-1)!;
  const classToken = reshape(slice(last, 1, 0, 1), [last.shape[0], vision.hiddenSize]);
  const pooled = layerNorm(clipModel.at('vision_model.post_layernorm'), classToken, vision.layerNormEpsilon);
  return linear(at.at('visual_projection'), pooled, projectionSize, { bias: false });
}

/** Cosines between embeddings [batch, size] and the weight `name` [concepts, size], less the thresholds → [batch, concepts]. */
function conceptScores(at: Scope, name: string, embedding: Value, concepts: number): Value {
  const size = staticDim(embedding.shape[1], 'the embedding');
  const directions = unit(at.parameter(name, [concepts, size]));
  const cosines = at.ops.linear(unit(embedding), directions, null);
  return subtract(cosines, at.parameter(`${name}_weights`, [concepts]));
}

/** Rows scaled to length one. */
function unit(rows: Value): Value {
  return divide(rows, clip(sqrt(reduceSum(multiply(rows, rows), [1])), SMALLEST_NORM, LARGEST_FLOAT32));
}
