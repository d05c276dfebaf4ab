import { readSafetensorsIndex } from '../../weights/safetensors.ts';
import type { WeightIndex } from '../../weights/tensor-location.ts';
import { loadInto } from '../parameter-vector.ts';
import { unetProjections } from '../projections.ts';
import type { OpenStage } from '../stage.ts';
import { clipFile } from './clip-recipe.ts';
import { readerFile } from './reader.ts';
import { componentWeights, mapperWeights } from './trained-model.ts';

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

/** The stage, started from what the finished `model` knows, where it knows anything. */
export function warmStart(stage: OpenStage, model: string): OpenStage {
  const known = Object.entries(finished[stage.name]?.(model) ?? {});
  const { layout } = stage.phases[0].training;
  return {
    ...stage,
    initial: () => {
      const weights = stage.initial();
      for (const [checkpoint, index] of known) loadInto(weights, layout, checkpoint, index);
      return weights;
    },
  };
}
