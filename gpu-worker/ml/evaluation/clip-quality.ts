import { portable } from '../graph/op-sets/portable.ts';
import { type ClipConfig, pictureEmbeddingGraph, textEmbeddingGraph } from '../models/clip-embedding.ts';
import { type InputTensor, openSession } from '../runtime/session.ts';
import type { WeightIndex } from '../weights/tensor-location.ts';

/** Pictures [n, …] and their captions [n, …], n a multiple of 64. */
export type CaptionedPictures = { pixels: InputTensor; token_ids: InputTensor; end_position: InputTensor };

const choices = 64;

/** How often CLIP finds a picture's caption among those of 64 pictures: the share in 0…1. Equal captions count as found. */
export async function measureClip(
  config: ClipConfig,
  weights: WeightIndex,
  data: CaptionedPictures,
  threads?: number,
): Promise<number> {
  const checkpoints = new Map([['clip', weights]]);
  const pictures = await openSession(pictureEmbeddingGraph(config, portable), checkpoints, { threads });
  const texts = await openSession(textEmbeddingGraph(config, portable), checkpoints, { threads });
  const count = data.pixels.shape[0] - (data.pixels.shape[0] % choices);
  let found = 0;
  for (let start = 0; start < count; start += choices) {
    const { embedding: picture } = await pictures.run({ pixels: rows(data.pixels, start) });
    const { embedding: text } = await texts.run({
      token_ids: rows(data.token_ids, start),
      end_position: rows(data.end_position, start),
    });
    const cosine = (i: number, j: number) => {
      let sum = 0;
      for (let k = 0; k < config.projectionSize; k++)
        sum += picture.data[i * config.projectionSize + k] * text.data[j * config.projectionSize + k];
      return sum;
    };
    for (let i = 0; i < choices; i++) {
      const others = Array.from({ length: choices }, (_, j) => cosine(i, j));
      // Two equal captions have equal cosines, up to rounding.
      if (others.every((other) => other <= others[i] + 1e-6)) found++;
    }
  }
  await Promise.all([pictures.release(), texts.release()]);
  return found / count;
}

/** 64 rows of a tensor from `start` on. */
function rows({ data, shape }: InputTensor, start: number): InputTensor {
  const size = data.length / shape[0];
  const part = data.subarray(start * size, (start + choices) * size);
  return { data: part, shape: [choices, ...shape.slice(1)] } as InputTensor;
}
