import type { DType, Value } from '../graph.ts';
import type { ConvOptions } from '../ops.ts';

/**
 * The layer-level operations whose best form depends on the machine. Models call these and never the fused operators themselves, so
 * which kernels run is decided here and nowhere else.
 */
export type OpSet = {
  readonly name: string;
  /** What the UNet computes in, but for what needs float32; its inputs are cast to it as they enter, and its output back. */
  readonly precision: DType;
  /** Whether rows of a batch share a scale, so that each must be run alone to give what it gives alone. */
  readonly sharesScales: boolean;
  readonly images: ImageOps;
  /** x·Wᵀ + b over the last axis: x […, in], weight [out, in] → […, out]. */
  linear(x: Value, weight: Value, bias: Value | null): Value;
  /** x [batch, in, h, w], weight [out, in, kh, kw] → [batch, out, h', w']. */
  convolution(x: Value, weight: Value, bias: Value | null, options: ConvOptions): Value;
  /** x·sigmoid(alpha·x): SiLU for alpha 1, CLIP's quick GELU for 1.702. */
  gatedSigmoid(x: Value, alpha: number): Value;
  /** A linear layer twice as wide as its result, one half gated by the exact (erf) GELU of the other: x […, in] → […, out / 2]. */
  geglu(x: Value, weight: Value, bias: Value): Value;
  /** GroupNorm of [batch, channels, h, w], and SiLU of that where asked for. */
  groupNorm(x: Value, weight: Value, bias: Value, options: GroupNormOptions): Value;
  /** LayerNorm over the last axis. */
  layerNorm(x: Value, weight: Value, bias: Value, epsilon: number): Value;
  /**
   * softmax(q·kᵀ / √(dim per head) + mask)·v for query [batch, queries, channels], key and value [batch, keys, channels], heads taken from
   * consecutive channels; `mask` [1, 1, queries, keys] is added to the scores → [batch, queries, channels].
   */
  attention(query: Value, key: Value, value: Value, options: { heads: number; mask?: Value }): Value;
  /** What is done otherwise in a network that runs once a picture, where memory counts for more than time. */
  readonly once?: Partial<OpSet>;
};

export type GroupNormOptions = { readonly groups: number; readonly epsilon: number; readonly silu?: boolean };

/**
 * What is done to feature maps beside convolving and normalising them. Their values have the shape [batch, channels, h, w] whatever their layout in
 * memory is, and outside an op set nothing but these may touch them.
 */
export type ImageOps = {
  add(a: Value, b: Value): Value;
  /** Adds `shift` [batch, channels] to every pixel. */
  shift(x: Value, shift: Value): Value;
  concat(a: Value, b: Value): Value;
  /** Nearest-neighbour enlargement by a whole factor. */
  enlarge(x: Value, factor: number): Value;
  /** [batch, channels, h, w] → [batch, h·w, channels] */
  toTokens(x: Value): Value;
  /** [batch, h·w, channels] → [batch, channels, h, w] */
  fromTokens(tokens: Value, size: { readonly height: number; readonly width: number }): Value;
  /** The same numbers laid out as the shape says. */
  toPlain(x: Value): Value;
};
