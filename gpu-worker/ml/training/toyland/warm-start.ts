import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTensor } from '../../weights/read-tensor.ts';
import { readSafetensorsIndex } from '../../weights/safetensors.ts';
import type { WeightIndex } from '../../weights/tensor-location.ts';
import { loadInto, type VectorLayout } from '../parameter-vector.ts';
import { unetProjections } from '../projections.ts';
import type { OpenStage } from '../stage.ts';
import { clipFile } from './clip-recipe.ts';
import { readerFile } from './reader.ts';
import { componentWeights, mapperWeights } from './trained-model.ts';
import { toylandVocabulary } from './vocabulary.ts';

/** Where `shipToyland` leaves the judges of a model. */
export const judgesBeside = (model: string): string => `${model}-judges`;

/**
 * The weights of a finished model, with its judges beside it, that a stage can go on from. The global mapping's come from the stage that writes its
 * words: after another UNet its projections are the UNet's again.
 */
const finished: Readonly<Record<string, (model: string) => Readonly<Record<string, WeightIndex>>>> = {
  vae: (model) => ({ vae: componentWeights(model, 'vae') }),
  clip: (model) => ({ clip: readSafetensorsIndex(clipFile(judgesBeside(model))) }),
  reader: (model) => ({ attribute_reader: readSafetensorsIndex(readerFile(judgesBeside(model))) }),
  unet: (model) => ({
    unet: componentWeights(model, 'unet'),
    text_encoder: componentWeights(model, 'text_encoder'),
    global_mapper: unetProjections(componentWeights(model, 'unet')),
  }),
  words: (model) => ({ global_mapper: mapperWeights(model, 'global_mapper') }),
  local: (model) => ({ local_mapper: mapperWeights(model, 'local_mapper') }),
};

/**
 * The stage, started from what the finished `model` knows, where it knows anything. Its words keep what they mean: the vocabulary is learnt from
 * captions, so a change of the world numbers its tokens anew.
 */
export function warmStart(stage: OpenStage, model: string): OpenStage {
  const known = Object.entries(finished[stage.name]?.(model) ?? {});
  const { layout } = stage.phases[0].training;
  return {
    ...stage,
    initial: () => {
      const weights = stage.initial();
      for (const [checkpoint, index] of known) {
        const fresh = weights.slice();
        loadInto(weights, layout, checkpoint, index);
        moveTokens(weights, fresh, { layout, checkpoint, index, model });
      }
      return weights;
    },
  };
}

/** Puts each token's embedding of the finished model where the token is now; a token that it does not know keeps its fresh one. */
function moveTokens(
  weights: Float32Array,
  fresh: Float32Array,
  loaded: { layout: VectorLayout; checkpoint: string; index: WeightIndex; model: string },
): void {
  const entry = loaded.layout.entries.find(
    ({ checkpoint, key }) => checkpoint === loaded.checkpoint && key.endsWith('token_embedding.weight'),
  );
  if (!entry) return;
  const size = entry.shape[1];
  const before = readTensor(loaded.index.get(entry.key)!); // [tokens, size]
  const numbersBefore: Record<string, number> = JSON.parse(
    readFileSync(join(loaded.model, 'tokenizer', 'vocab.json'), 'utf8'),
  );
  for (const [token, number] of Object.entries(toylandVocabulary().ids)) {
    const start = entry.offset + number * size;
    const numberBefore = numbersBefore[token];
    const row =
      numberBefore === undefined
        ? fresh.subarray(start, start + size)
        : before.subarray(numberBefore * size, (numberBefore + 1) * size);
    weights.set(row, start);
  }
}
