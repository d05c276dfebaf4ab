import type { PlacedWords } from '../elite/place-words.ts';
import { portable } from '../graph/op-sets/portable.ts';
import { clipTextGraph } from '../models/clip-text.ts';
import { clipVisionGraph } from '../models/clip-vision.ts';
import type { EliteConfig } from '../models/elite-config.ts';
import { globalMappingGraph } from '../models/mapping-networks.ts';
import { type FloatTensor, openSession } from '../runtime/session.ts';
import type { Checkpoints } from '../weights/bind-weights.ts';

/** Networks that a stage uses and does not train. */
type Frozen = { config: EliteConfig; checkpoints: Checkpoints; threads?: number };

/** A prompt about a concept: its tokens, where the concept's words stand, and where the placeholder stood. */
export type ConceptPrompt = PlacedWords & { readonly placeholderIndex: number };

/** The vision encoder: pixels as CLIP takes them [n, 3, size, size] → features [n, words, 1 + patches, size]. */
export async function openVisionEncoder({ config, checkpoints, threads }: Frozen) {
  const graph = clipVisionGraph(config.vision, config.featureLayers, portable);
  const session = await openSession(graph, checkpoints, { threads });
  return {
    features: async (pixels: FloatTensor): Promise<FloatTensor> => (await session.run({ pixels })).features,
    close: () => session.release(),
  };
}

/** ELITE's first stage: features of photos and prompts about them → the prompts, encoded with the photos' words in them. */
export async function openContextEncoder({ config, checkpoints, threads }: Frozen) {
  const mapper = await openSession(globalMappingGraph(config.mapping, portable), checkpoints, { threads });
  const encoder = await openSession(clipTextGraph(config.text, config.mapping.words, portable), checkpoints, {
    threads,
  });
  return {
    async contexts(features: FloatTensor, prompts: readonly PlacedWords[]): Promise<FloatTensor> {
      const { words } = await mapper.run({ features });
      const { context } = await encoder.run({
        token_ids: stackRows(prompts.map(({ tokenIds }) => tokenIds)),
        words,
        word_positions: stackRows(prompts.map(({ wordPositions }) => wordPositions)),
      });
      return context;
    },
    async close() {
      await mapper.release();
      await encoder.release();
    },
  };
}

/** Rows of integers as one tensor. */
export function stackRows(rows: readonly Int32Array[]) {
  return { data: Int32Array.from(rows.flatMap((row) => [...row])), shape: [rows.length, rows[0].length] };
}
