import { Graph, type Value } from '../graph/graph.ts';
import type { OpSet } from '../graph/op-sets/op-set.ts';
import { add, concat, expandBatch, reshape } from '../graph/ops.ts';
import { rootScope, type Scope } from '../graph/scope.ts';
import { type ClipEncoderConfig, clipEncoder } from '../layers/clip-encoder.ts';
import { convolution, evenPadding } from '../layers/convolution.ts';
import { layerNorm } from '../layers/normalization.ts';

export type ClipVisionConfig = ClipEncoderConfig & { readonly imageSize: number; readonly patchSize: number };

/** openai/clip-vit-large-patch14. */
export const VIT_L_14: ClipVisionConfig = {
  imageSize: 224,
  patchSize: 14,
  hiddenSize: 1024,
  intermediateSize: 4096,
  layers: 24,
  heads: 16,
  layerNormEpsilon: 1e-5,
};

/** Patches along one side of the photo; the image features have gridSize² + 1 tokens, the class token first. */
export function gridSize(config: ClipVisionConfig): number {
  return config.imageSize / config.patchSize;
}

/**
 * CLIP's vision transformer up to its last layer, without the final norm, which ELITE leaves out: pixels [batch, 3, size, size], normalised
 * → hidden_states[0…layers], each [batch, 1 + grid², hidden].
 */
export function clipVision(at: Scope, pixels: Value, config: ClipVisionConfig): Value[] {
  const { hiddenSize, patchSize } = config;
  const model = at.at('vision_model');
  const embeddings = model.at('embeddings');
  const patchCount = gridSize(config) ** 2;
  const patchMap = convolution(embeddings.at('patch_embedding'), pixels, hiddenSize, {
    kernel: patchSize,
    stride: patchSize,
    padding: evenPadding(0),
    bias: false,
  });
  const patches = at.ops.images.toTokens(patchMap); // [batch, grid², hidden]
  const classToken = reshape(embeddings.parameter('class_embedding', [hiddenSize]), [1, 1, hiddenSize]);
  const positions = embeddings.at('position_embedding').parameter('weight', [patchCount + 1, hiddenSize]);
  const tokens = add(concat([expandBatch(classToken, patches), patches], 1), positions);
  const embedded = layerNorm(model.at('pre_layrnorm'), tokens, config.layerNormEpsilon); // the checkpoint's spelling
  return [embedded, ...clipEncoder(model.at('encoder'), embedded, config)];
}

/**
 * `pixels` [batch, 3, size, size] → `features` [batch, n, 1 + grid², hidden]: the hidden states that the mapping networks read, in the order
 * of `featureLayers` (the authors': 24, 4, 8, 12, 16).
 */
export function clipVisionGraph(config: ClipVisionConfig, featureLayers: readonly number[], ops: OpSet): Graph {
  const graph = new Graph('clip_vision');
  const at = rootScope(graph, 'vision_encoder', ops);
  const pixels = at.input('pixels', ['batch', 3, config.imageSize, config.imageSize]);
  const states = clipVision(at, pixels, config);
  for (const name of ['weight', 'bias']) at.at('vision_model.post_layernorm').unused(name, [config.hiddenSize]);
  const features = featureLayers.map((layer) => {
    const state = states[layer];
    if (!state) throw new Error(`clip_vision: expected feature layers between 0 and ${config.layers}, got ${layer}`);
    const [batch, tokens, hidden] = state.shape;
    return reshape(state, [batch, 1, tokens, hidden]);
  });
  graph.output('features', concat(features, 1));
  return graph;
}
