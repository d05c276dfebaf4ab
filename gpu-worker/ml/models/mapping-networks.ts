import { staticDim } from '../graph/dims.ts';
import { Graph, type Value } from '../graph/graph.ts';
import type { OpSet } from '../graph/op-sets/op-set.ts';
import { add, concat, leakyRelu, multiply, reduceMean, reshape, scalar, slice } from '../graph/ops.ts';
import { rootScope, type Scope } from '../graph/scope.ts';
import { GLOBAL_MAPPER, LOCAL_MAPPER } from '../layers/dual-cross-attention.ts';
import { linear } from '../layers/linear.ts';
import { layerNorm } from '../layers/normalization.ts';

export type MappingConfig = {
  /** Patches a photo is cut into; the features have one token more. */
  readonly patches: number;
  readonly featureSize: number;
  readonly hiddenSize: number;
  /** Size of a word: of the text encoder's embeddings. */
  readonly wordSize: number;
  /** Layers of CLIP that are read, and words that come out. */
  readonly words: number;
};

/** ELITE's networks between ViT-L/14 and Stable Diffusion v1-4. */
export const ELITE_V1: MappingConfig = { patches: 256, featureSize: 1024, hiddenSize: 1024, wordSize: 768, words: 5 };

/** The hidden states of ViT-L/14 that ELITE reads; the first gives the primary word (ELITE §3.1 and supplement). */
export const FEATURE_LAYERS: readonly number[] = [24, 4, 8, 12, 16];

const LEAKY_SLOPE = 0.01;

/** Features [batch, words, 1 + patches, size] → one word a layer [batch, words, wordSize] (ELITE §3.1, Eq. 3). */
export function globalMapping(at: Scope, features: Value, config: MappingConfig): Value {
  const words = layerTokens(features, config).map(({ classToken, patches }, i) => {
    const fromClass = mappingMlp(at.at(`mapping_${i}`), classToken, config); // [batch, 1, wordSize]
    const fromPatches = mappingMlp(at.at(`mapping_patch_${i}`), patches, config); // [batch, patches, wordSize]
    return add(fromClass, reduceMean(fromPatches, [1]));
  });
  return concat(words, 1);
}

/** The masked photo's features and the mask of its patches [batch, patches, 1] → patch features [batch, patches, wordSize] (ELITE §3.2). */
export function localMapping(at: Scope, features: Value, mask: Value, config: MappingConfig): Value {
  const layers = layerTokens(features, config).map(({ classToken, patches }, i) =>
    add(
      mappingMlp(at.at(`mapping_${i}`), classToken, config),
      mappingMlp(at.at(`mapping_patch_${i}`), patches, config),
    ),
  );
  const mean = multiply(layers.reduce(add), scalar(mask, 1 / layers.length));
  return multiply(mean, mask);
}

function layerTokens(features: Value, { words, patches, featureSize }: MappingConfig) {
  const batch = features.shape[0];
  return Array.from({ length: words }, (_, i) => {
    const tokens = reshape(slice(features, 1, i, i + 1), [batch, patches + 1, featureSize]);
    return { classToken: slice(tokens, 1, 0, 1), patches: slice(tokens, 1, 1, patches + 1) };
  });
}

function mappingMlp(at: Scope, x: Value, { hiddenSize, wordSize }: MappingConfig): Value {
  x = leakyRelu(layerNorm(at.at('1'), linear(at.at('0'), x, hiddenSize)), LEAKY_SLOPE);
  x = leakyRelu(layerNorm(at.at('4'), linear(at.at('3'), x, hiddenSize)), LEAKY_SLOPE);
  return linear(at.at('6'), x, wordSize);
}

function featuresInput(at: Scope, { words, patches, featureSize }: MappingConfig): Value {
  return at.input('features', ['batch', words, patches + 1, featureSize]);
}

/** `features` → `words` [batch, words, wordSize]. */
export function globalMappingGraph(config: MappingConfig, ops: OpSet): Graph {
  const graph = new Graph('global_mapping');
  const at = rootScope(graph, GLOBAL_MAPPER, ops);
  graph.output('words', globalMapping(at, featuresInput(at, config), config));
  return graph;
}

/** `features` of the object alone and its patch `mask` [batch, patches, 1] → `local` [batch, patches, wordSize]. */
export function localMappingGraph(config: MappingConfig, ops: OpSet): Graph {
  const graph = new Graph('local_mapping');
  const at = rootScope(graph, LOCAL_MAPPER, ops);
  const features = featuresInput(at, config);
  const mask = at.input('mask', ['batch', staticDim(config.patches, 'patches'), 1]);
  graph.output('local', localMapping(at, features, mask, config));
  return graph;
}
