import type { Value } from '../graph.ts';
import type { ConvOptions } from '../ops.ts';

/**
 * The layer-level operations whose best form depends on the machine. Models call these and never the fused operators themselves, so
 * which kernels run is decided here and nowhere else.
 */
export type OpSet = {
  readonly name: string;
  /** x·Wᵀ + b over the last axis: x […, in], weight [out, in] → […, out]. */
  linear(x: Value, weight: Value, bias: Value | null): Value;
  /** x [batch, in, h, w], weight [out, in, kh, kw] → [batch, out, h', w']. */
  convolution(x: Value, weight: Value, bias: Value | null, options: ConvOptions): Value;
  /** x·sigmoid(alpha·x): SiLU for alpha 1, CLIP's quick GELU for 1.702. */
  gatedSigmoid(x: Value, alpha: number): Value;
  /** Exact (erf) GELU. */
  gelu(x: Value): Value;
  /** GroupNorm of [batch, channels, h, w]. */
  groupNorm(x: Value, weight: Value, bias: Value, options: { groups: number; epsilon: number }): Value;
  /** LayerNorm over the last axis. */
  layerNorm(x: Value, weight: Value, bias: Value, epsilon: number): Value;
  /**
   * softmax(q·kᵀ / √(dim per head) + mask)·v for query [batch, queries, channels], key and value [batch, keys, channels], heads taken from
   * consecutive channels; `mask` [1, 1, queries, keys] is added to the scores → [batch, queries, channels].
   */
  attention(query: Value, key: Value, value: Value, options: { heads: number; mask?: Value }): Value;
};
