import { portable } from '../graph/op-sets/portable.ts';
import { type ClipConfig, pictureEmbeddingGraph, textEmbeddingGraph } from '../models/clip-embedding.ts';
import { type FloatTensor, type InputTensor, openSession } from '../runtime/session.ts';
import type { WeightIndex } from '../weights/tensor-location.ts';

/** A whole CLIP model that says how close pictures and texts are, as unit vectors. */
export type ClipJudge = {
  pictures(pixels: FloatTensor): Promise<Float32Array[]>;
  texts(captions: { token_ids: InputTensor; end_position: InputTensor }): Promise<Float32Array[]>;
  close(): Promise<void>;
};

export async function openClipJudge(config: ClipConfig, weights: WeightIndex, threads?: number): Promise<ClipJudge> {
  const checkpoints = new Map([['clip', weights]]);
  const pictures = await openSession(pictureEmbeddingGraph(config, portable), checkpoints, { threads });
  const texts = await openSession(textEmbeddingGraph(config, portable), checkpoints, { threads });
  return {
    pictures: async (pixels) => rowsOf((await pictures.run({ pixels })).embedding),
    texts: async (captions) => rowsOf((await texts.run(captions)).embedding),
    close: async () => {
      await pictures.release();
      await texts.release();
    },
  };
}

export function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

function rowsOf({ data, shape }: FloatTensor): Float32Array[] {
  return Array.from({ length: shape[0] }, (_, n) => data.subarray(n * shape[1], (n + 1) * shape[1]));
}
