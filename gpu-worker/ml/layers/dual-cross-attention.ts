import { staticDim } from '../graph/dims.ts';
import type { Value } from '../graph/graph.ts';
import { attentionScores, mergeHeads, splitHeads } from '../graph/op-sets/primitive.ts';
import { add, cast, divide, matmul, multiply, reduceMax, reshape, softmax, transpose } from '../graph/ops.ts';
import type { Scope } from '../graph/scope.ts';
import { linear } from './linear.ts';

/** What the UNet is told about prompt and concept; every part is per sample, so rows of different jobs share a batch. */
export type Concept = {
  /** The encoded prompt [batch, tokens, dim]. */
  readonly context: Value;
  /** The concept's patch features [batch, patches, dim]; without it cross-attention sees the prompt only. */
  readonly local?: {
    readonly patches: Value;
    /** 1 at the placeholder's token, 0 elsewhere [batch, 1, tokens, 1]. */
    readonly placeholder: Value;
    /** λ, the weight of the local branch [batch, 1, 1, 1]; 0 for unconditional rows. */
    readonly strength: Value;
  };
};

/** The checkpoints that hold ELITE's trained key and value projections. */
export const GLOBAL_MAPPER = 'global_mapper';
export const LOCAL_MAPPER = 'local_mapper';

/** The tap of what a layer's local branch attends to, which training keeps small. */
export const LOCAL_VALUE = 'local_value';

/**
 * Cross-attention to the prompt through ELITE's own keys and values, plus, weighted by how much each pixel looks at the placeholder,
 * cross-attention to the concept's patches (ELITE §3.2, Eq. 6):
 *
 *   out = P_g·V_g + λ · (a / max a) ⊙ (P_l·V_l),  a = the placeholder's column of P_g
 *
 * The maximum runs over heads and pixels of one sample. The authors' code takes it over the batch as well, and runs batch 1.
 * P_g is computed in float32 whatever the rest is in: half precision writes a score of 20 to within 0.008, which is 1 % of a probability, and an
 * attention below 3e-8 as 0, which where nothing looks at the placeholder would be 0 / 0.
 * x [batch, pixels, channels] → the same.
 */
export function dualCrossAttention(at: Scope, x: Value, heads: number, { context, local }: Concept): Value {
  const channels = staticDim(x.shape.at(-1), `the channels entering ${at.path}`);
  const project = (checkpoint: string, name: string, tokens: Value) => {
    const weight = at
      .from(checkpoint)
      .parameter(mapperKey(`${at.path}.${name}.weight`), [channels, staticDim(tokens.shape.at(-1), 'the context')]);
    return at.ops.linear(tokens, weight, null);
  };
  for (const name of ['to_k', 'to_v'])
    at.unused(`${name}.weight`, [channels, staticDim(context.shape.at(-1), 'the context')]);

  const query = linear(at.at('to_q'), x, channels, { bias: false });
  const key = project(GLOBAL_MAPPER, 'to_k', context);
  const value = project(GLOBAL_MAPPER, 'to_v', context);
  let out: Value;
  if (local) {
    const scores = attentionScores(cast(query, 'float32'), cast(key, 'float32'), heads);
    const probabilities = softmax(scores); // [batch, heads, pixels, tokens]
    const attended = mergeHeads(matmul(cast(probabilities, x.dtype), splitHeads(value, heads))); // [batch, pixels, channels]
    const attention = matmul(probabilities, local.placeholder); // [batch, heads, pixels, 1]
    const weight = multiply(divide(attention, reduceMax(attention, [1, 2, 3])), local.strength);
    const localKey = project(LOCAL_MAPPER, 'to_k', local.patches);
    const localValue = at.at(LOCAL_VALUE).tap(project(LOCAL_MAPPER, 'to_v', local.patches));
    const details = at.ops.attention(query, localKey, localValue, { heads }); // [batch, pixels, channels]
    out = add(attended, weightHeads(details, cast(weight, x.dtype)));
  } else {
    out = at.ops.attention(query, key, value, { heads });
  }
  return at.tap(linear(at.at('to_out.0'), out, channels));
}

/** Scales the heads of x [batch, pixels, heads·dim] by weights [batch, heads, pixels, 1]. */
function weightHeads(x: Value, weights: Value): Value {
  const [batch, pixels, channels] = x.shape;
  const heads = staticDim(weights.shape[1], 'the heads');
  const perHead = reshape(x, [batch, pixels, heads, staticDim(channels, 'the channels') / heads]);
  return reshape(multiply(perHead, transpose(weights, [0, 2, 1, 3])), [batch, pixels, channels]);
}

/** The name that the mapper files give a projection of the UNet, such as `….attn2.to_k.weight`: every dot but the last an underscore. */
export function mapperKey(unetKey: string): string {
  return `${unetKey.replace(/\.weight$/, '').replaceAll('.', '_')}.weight`;
}
