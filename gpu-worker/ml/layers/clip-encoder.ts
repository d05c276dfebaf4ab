import { staticDim } from '../graph/dims.ts';
import type { Value } from '../graph/graph.ts';
import { add } from '../graph/ops.ts';
import type { Scope } from '../graph/scope.ts';
import { quickGelu } from './activation.ts';
import { linear } from './linear.ts';
import { layerNorm } from './normalization.ts';

export type ClipEncoderConfig = {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly layerNormEpsilon: number;
};

/**
 * CLIP's stack of pre-norm transformer layers (Radford et al. 2021): x [batch, tokens, hidden] → the output of every layer, so index k − 1
 * is what the authors call hidden_states[k]. `mask` [1, 1, tokens, tokens] is added to the attention scores.
 */
export function clipEncoder(at: Scope, x: Value, config: ClipEncoderConfig, mask?: Value): Value[] {
  const outputs: Value[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    x = clipLayer(at.at(`layers.${layer}`), x, config, mask);
    outputs.push(x);
  }
  return outputs;
}

function clipLayer(at: Scope, x: Value, config: ClipEncoderConfig, mask?: Value): Value {
  x = add(
    x,
    selfAttention(at.at('self_attn'), layerNorm(at.at('layer_norm1'), x, config.layerNormEpsilon), config.heads, mask),
  );
  const mlp = at.at('mlp');
  const hidden = linear(
    mlp.at('fc1'),
    layerNorm(at.at('layer_norm2'), x, config.layerNormEpsilon),
    config.intermediateSize,
  );
  return at.tap(add(x, linear(mlp.at('fc2'), quickGelu(at, hidden), config.hiddenSize)));
}

function selfAttention(at: Scope, x: Value, heads: number, mask?: Value): Value {
  const features = staticDim(x.shape.at(-1), `the features entering ${at.path}`);
  const [query, key, value] = ['q_proj', 'k_proj', 'v_proj'].map((name) => linear(at.at(name), x, features));
  return linear(at.at('out_proj'), at.ops.attention(query, key, value, { heads, mask }), features);
}
