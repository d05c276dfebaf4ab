import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openClipJudge } from '../../evaluation/clip-judge.ts';
import { measureClip } from '../../evaluation/clip-quality.ts';
import type { ClipConfig } from '../../models/clip-embedding.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../weights/safetensors.ts';
import { clipTextComponent, clipVisionComponent, writeComponent } from '../component-files.ts';
import { initialWeights } from '../initial-weights.ts';
import { cosineRate } from '../learning-rate.ts';
import { namedTensors } from '../parameter-vector.ts';
import { toClipPixels, toPlanes, wholePictures } from '../pixels.ts';
import { createRandom } from '../random.ts';
import { clipStage } from '../stages/clip-stage.ts';
import { captionOf } from './caption.ts';
import { depictionBytes, heldOutDepictions } from './held-out-pictures.ts';
import type { ToylandPlan } from './plan.ts';
import { captionTensors, writeTokenizer } from './prompts.ts';
import type { Recipe } from './recipe.ts';

/** ln(1/0.07), where CLIP starts its temperature (Radford et al. 2021). */
const initialLogitScale = Math.log(1 / 0.07);

export const clipConfig = ({ networks, projectionSize }: ToylandPlan): ClipConfig => ({
  vision: networks.vision,
  text: networks.text,
  projectionSize,
});

/** The whole CLIP model, kept for measuring: the text encoder goes on being trained with the UNet. */
export const clipFile = (folder: string): string => join(folder, 'clip', 'model.safetensors');

export const clipRecipe: Recipe = {
  name: 'clip',

  async stage({ album, plan, modelFolder, seed }) {
    const { batchSize, steps, learningRate } = plan.clip;
    const tokenizer = writeTokenizer(modelFolder);
    const training = clipStage(clipConfig(plan), batchSize);
    return {
      name: 'clip',
      phases: [
        {
          untilStep: steps,
          training,
          frozen: new Map(),
          batchOf: async (step, part) => {
            const random = createRandom(seed, step, part);
            const indices = Array.from({ length: batchSize }, () => random.integer(album.count));
            const captions = indices.map((index) => captionOf(album.depiction(index), random));
            return {
              pixels: toPlanes(album.rgb(indices), 3, wholePictures(batchSize, plan.sizePx), toClipPixels),
              ...captionTensors(tokenizer, captions),
            };
          },
        },
      ],
      initial: () => {
        const weights = initialWeights(training.layout, seed);
        const { offset } = training.layout.entries.find(({ key }) => key === 'logit_scale')!;
        weights[offset] = initialLogitScale;
        return weights;
      },
      options: { learningRate: cosineRate(learningRate, { steps, warmupSteps: 200 }), averageDecay: 0.999 },
    };
  },

  async write({ plan, folder, modelFolder }, stage, state) {
    const config = clipConfig(plan);
    const tensors = namedTensors(stage.phases[0].training.layout, state.average, 'clip');
    const tower = (prefix: string) => new Map([...tensors].filter(([key]) => key.startsWith(prefix)));
    mkdirSync(join(folder, 'clip'), { recursive: true });
    writeSafetensors(clipFile(folder), tensors, { format: 'pt' });
    writeComponent(modelFolder, clipVisionComponent(config.vision), tower('vision_model.'));
    writeComponent(modelFolder, clipTextComponent(config.text), tower('text_model.'));
  },

  async measure({ plan, folder, modelFolder, threads }) {
    const depictions = heldOutDepictions(128);
    const bytes = await depictionBytes(depictions, plan.sizePx);
    const captions = depictions.map((depiction, index) => captionOf(depiction, createRandom(index), 0));
    const clip = await openClipJudge(clipConfig(plan), readSafetensorsIndex(clipFile(folder)), threads);
    const top1Of64 = await measureClip(clip, {
      pixels: toPlanes(bytes, 3, wholePictures(depictions.length, plan.sizePx), toClipPixels),
      ...captionTensors(writeTokenizer(modelFolder), captions),
    });
    await clip.close();
    return { top1Of64 };
  },
};
