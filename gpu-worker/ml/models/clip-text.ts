import { Graph, type Value } from '../graph/graph.ts';
import type { OpSet } from '../graph/op-sets/op-set.ts';
import { add, cast, equal, gather, matmul, multiply, reduceSum, reshape, scalar, subtract } from '../graph/ops.ts';
import { rootScope, type Scope } from '../graph/scope.ts';
import { type ClipEncoderConfig, clipEncoder } from '../layers/clip-encoder.ts';
import { layerNorm } from '../layers/normalization.ts';

export type ClipTextConfig = ClipEncoderConfig & { readonly vocabularySize: number; readonly positions: number };

/** The text encoder of Stable Diffusion v1-4: openai/clip-vit-large-patch14's. */
export const CLIP_TEXT_L: ClipTextConfig = {
  vocabularySize: 49408,
  positions: 77,
  hiddenSize: 768,
  intermediateSize: 3072,
  layers: 12,
  heads: 12,
  layerNormEpsilon: 1e-5,
};

/** The most negative float32: added to a score, it leaves no probability. */
const MASKED = -3.4028234663852886e38;

type ClipTextInputs = {
  /** [batch, positions] int32 */
  readonly tokenIds: Value;
  /** A concept to write into the prompt; without it the prompt is ordinary text. */
  readonly concept?: {
    /** The concept's words [batch, words, hidden]. */
    readonly words: Value;
    /** Where each word stands among the tokens, −1 for a word that is not used [batch, words] int32. */
    readonly wordPositions: Value;
  };
};

/**
 * CLIP's text transformer with words of a concept in place of token embeddings (ELITE §3.1): → the normalised last hidden state
 * [batch, positions, hidden], which is the whole context that cross-attention sees.
 */
export function clipText(at: Scope, { tokenIds, concept }: ClipTextInputs, config: ClipTextConfig): Value {
  const { hiddenSize, positions, vocabularySize } = config;
  const model = at.at('text_model');
  const embeddings = model.at('embeddings');
  const tokens = gather(embeddings.at('token_embedding').parameter('weight', [vocabularySize, hiddenSize]), tokenIds);
  const injected = concept ? injectWords(tokens, concept.words, concept.wordPositions) : tokens;
  const embedded = add(injected, embeddings.at('position_embedding').parameter('weight', [positions, hiddenSize]));
  const states = clipEncoder(model.at('encoder'), embedded, config, causalMask(tokens.graph, positions));
  at.at('text_model.embeddings').tap(embedded);
  return layerNorm(model.at('final_layer_norm'), states.at(-1)!, config.layerNormEpsilon);
}

/** Token embeddings [batch, positions, hidden] with row wordPositions[b, w] replaced by words[b, w]. */
function injectWords(tokens: Value, words: Value, wordPositions: Value): Value {
  const [batch, positions] = tokens.shape;
  const wordCount = words.shape[1];
  const range = tokens.graph.constant(Int32Array.from({ length: positions as number }, (_, position) => position));
  const hits = equal(reshape(range, [1, positions, 1]), reshape(wordPositions, [batch, 1, wordCount]));
  const placement = cast(hits, 'float32'); // [batch, positions, words], one-hot
  const kept = subtract(scalar(tokens, 1), reduceSum(placement, [2])); // [batch, positions, 1]
  return add(multiply(tokens, kept), matmul(placement, words));
}

/** [1, 1, positions, positions]: a token sees itself and what comes before it. */
function causalMask(graph: Graph, positions: number): Value {
  const mask = Float32Array.from({ length: positions ** 2 }, (_, i) =>
    i % positions > Math.floor(i / positions) ? MASKED : 0,
  );
  return graph.constant(mask, [1, 1, positions, positions]);
}

/** `token_ids`, `words` (`wordCount` a sample), `word_positions` → `context` [batch, positions, hidden]. */
export function clipTextGraph(config: ClipTextConfig, wordCount: number, ops: OpSet): Graph {
  const graph = new Graph('clip_text');
  const at = rootScope(graph, 'text_encoder', ops);
  const tokenIds = at.input('token_ids', ['batch', config.positions], 'int32');
  const words = at.input('words', ['batch', wordCount, config.hiddenSize]);
  const wordPositions = at.input('word_positions', ['batch', wordCount], 'int32');
  graph.output('context', clipText(at, { tokenIds, concept: { words, wordPositions } }, config));
  return graph;
}
