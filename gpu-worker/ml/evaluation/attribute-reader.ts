import { Graph, type Value } from '../graph/graph.ts';
import type { OpSet } from '../graph/op-sets/op-set.ts';
import { reduceMean } from '../graph/ops.ts';
import { rootScope, type Scope } from '../graph/scope.ts';
import { silu } from '../layers/activation.ts';
import { convolution, evenPadding } from '../layers/convolution.ts';
import { linear } from '../layers/linear.ts';
import { groupNorm } from '../layers/normalization.ts';
import { resnetBlock } from '../layers/resnet-block.ts';

export type AttributeReaderConfig = {
  /** Side of the pictures in pixels. */
  readonly imageSize: number;
  /** Channels of each level, each half the size of the one before; the first is at half of the picture's. */
  readonly blockChannels: readonly number[];
  readonly groups: number;
  /** What is read, by name, and how many numbers say it: logits of choices, or the parts of a vector. */
  readonly heads: Readonly<Record<string, number>>;
};

const EPSILON = 1e-5;

/**
 * A small network that reads attributes off pictures and has seen nothing but renders, so that it can judge what a generator draws: images
 * [batch, 3, size, size] in −1…1 → [batch, n] for each head.
 */
export function attributeReader(
  at: Scope,
  image: Value,
  { blockChannels, groups, heads }: AttributeReaderConfig,
): Record<string, Value> {
  let h = image;
  for (const [level, channels] of blockChannels.entries()) {
    const block = at.at(`blocks.${level}`);
    h = convolution(block.at('downsample'), h, channels, { kernel: 3, stride: 2, padding: evenPadding(1) });
    h = resnetBlock(block.at('resnet'), h, { outChannels: channels, groups, epsilon: EPSILON });
  }
  const pooled = reduceMean(silu(at, groupNorm(at.at('norm_out'), h, { groups, epsilon: EPSILON })), [2, 3], {
    keepDims: false,
  });
  return Object.fromEntries(
    Object.entries(heads).map(([name, size]) => [name, linear(at.at(`heads.${name}`), pooled, size)]),
  );
}

/** `image` → one output a head. */
export function attributeReaderGraph(config: AttributeReaderConfig, ops: OpSet): Graph {
  const graph = new Graph('attribute_reader');
  const at = rootScope(graph, 'attribute_reader', ops);
  const image = at.input('image', ['batch', 3, config.imageSize, config.imageSize]);
  for (const [name, value] of Object.entries(attributeReader(at, image, config))) graph.output(name, value);
  return graph;
}
