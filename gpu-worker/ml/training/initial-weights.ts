import type { VectorEntry, VectorLayout } from './parameter-vector.ts';
import { createRandom, type Random } from './random.ts';

/** Standard deviation of embeddings, CLIP's. */
const embeddingDeviation = 0.02;

/** That of a vision transformer's positions: half of what a patch comes to. Far below, it is a bag of patches at first. */
const visionPositionDeviation = 0.5;

/** The last layers of residual branches and of whole networks start small, so that a network starts close to its shortcuts. */
const smallGain = 0.2;
const smallKeys = /(conv2|conv_out|proj_out|proj_attn|out_proj|to_out\.0|fc2|net\.2|mapping(_patch)?_\d+\.6)\.weight$/;

/** Weights for training from scratch, reproducible from `seed`: scaled normal matrices, zero biases, norms that change nothing. */
export function initialWeights(layout: VectorLayout, seed: number): Float32Array {
  const vector = new Float32Array(layout.length);
  for (const [index, entry] of layout.entries.entries()) {
    const random = createRandom(seed, index);
    const { offset, length } = entry;
    for (let i = offset; i < offset + length; i++) vector[i] = initialWeight(entry, random);
  }
  return vector;
}

function initialWeight({ key, shape, length }: VectorEntry, random: Random): number {
  if (key.endsWith('vision_model.embeddings.position_embedding.weight'))
    return visionPositionDeviation * random.normal();
  if (/(class_embedding|(token|position)_embedding\.weight)$/.test(key)) return embeddingDeviation * random.normal();
  if (shape.length === 1) return key.endsWith('weight') ? 1 : 0;
  const fanIn = length / shape[0];
  return ((smallKeys.test(key) ? smallGain : 1) * random.normal()) / Math.sqrt(fanIn);
}
