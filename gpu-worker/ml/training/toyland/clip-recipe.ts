import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cosine, openClipJudge } from '../../evaluation/clip-judge.ts';
import { measureClip } from '../../evaluation/clip-quality.ts';
import type { ClipConfig } from '../../models/clip-embedding.ts';
import { readSafetensorsIndex, writeSafetensors } from '../../weights/safetensors.ts';
import { clipTextComponent, clipVisionComponent, writeComponent } from '../component-files.ts';
import { initialWeights } from '../initial-weights.ts';
import { cosineRate, restartedRate } from '../learning-rate.ts';
import { namedTensors } from '../parameter-vector.ts';
import { toClipPixels, wholePlanes } from '../pixels.ts';
import { createRandom } from '../random.ts';
import type { Phase } from '../stage.ts';
import { attributeHeads, clipStage } from '../stages/clip-stage.ts';
import { alikeSampler } from './alike-batches.ts';
import { headTensors, toylandReader, vectorHeads } from './attributes.ts';
import { captionOf } from './caption.ts';
import { shapes } from './character.ts';
import type { Depiction } from './depiction.ts';
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

const asked = { heads: toylandReader.heads, vectors: vectorHeads };

/** Of the later batches, those whose pictures are alike. */
const alikeShare = 0.75;

/** Of all batches, those of portraits: the photos that concepts are made from. */
const portraitShare = 0.7;

export const clipRecipe: Recipe = {
  name: 'clip',

  /**
   * First any pictures. Colour and surroundings are enough to tell most of those apart, so then pictures that only shape, pattern and face tell
   * apart, with captions that say all.
   */
  async stage({ album, portraits, plan, modelFolder, seed }) {
    const { batchSize, steps, alikeBatchSize, alikeSteps, learningRate } = plan.clip;
    const tokenizer = writeTokenizer(modelFolder);
    const sources = [album, portraits].map((pictures) => ({
      pictures,
      sampleAlike: alikeSampler(pictures, alikeBatchSize),
    }));
    const phase = (untilStep: number, size: number, alike: number): Phase => ({
      untilStep,
      training: clipStage(clipConfig(plan), { batchSize: size, asked }),
      frozen: new Map(),
      batchOf: async (step, part) => {
        const random = createRandom(seed, step, part);
        const { pictures, sampleAlike } = sources[random.chance(portraitShare) ? 1 : 0];
        const isAlike = random.chance(alike);
        const indices = isAlike
          ? sampleAlike(random)
          : Array.from({ length: size }, () => random.integer(pictures.count));
        const depictions = indices.map((index) => pictures.depiction(index));
        const captions = depictions.map((depiction) => captionOf(depiction, random, isAlike ? 0 : undefined));
        return {
          pixels: wholePlanes(pictures.rgb(indices), plan.sizePx, toClipPixels),
          ...captionTensors(tokenizer, captions),
          ...headTensors(depictions),
        };
      },
    });
    const phases = [phase(steps, batchSize, 0), phase(steps + alikeSteps, alikeBatchSize, alikeShare)];
    const { layout } = phases[0].training;
    const first = cosineRate(learningRate, { steps, warmupSteps: 100 });
    const restarted = cosineRate(learningRate, { steps: alikeSteps, warmupSteps: 50 });
    return {
      name: 'clip',
      phases,
      initial: () => {
        const weights = initialWeights(layout, seed);
        const { offset } = layout.entries.find(({ key }) => key === 'logit_scale')!;
        weights[offset] = initialLogitScale;
        return weights;
      },
      options: { learningRate: restartedRate(first, restarted, steps), averageDecay: 0.998 },
    };
  },

  async write({ plan, folder, modelFolder }, stage, state) {
    const config = clipConfig(plan);
    const trained = namedTensors(stage.phases[0].training.layout, state.average, 'clip');
    const tensors = new Map([...trained].filter(([key]) => !key.startsWith(attributeHeads)));
    const tower = (prefix: string) => new Map([...tensors].filter(([key]) => key.startsWith(prefix)));
    mkdirSync(join(folder, 'clip'), { recursive: true });
    writeSafetensors(clipFile(folder), tensors, { format: 'pt' });
    writeComponent(modelFolder, clipVisionComponent(config.vision), tower('vision_model.'));
    writeComponent(modelFolder, clipTextComponent(config.text), tower('text_model.'));
  },

  /** How often it finds a picture's caption among 64, and names the shape in a portrait. */
  async measure({ plan, folder, modelFolder, threads }) {
    const tokenizer = writeTokenizer(modelFolder);
    const clip = await openClipJudge(clipConfig(plan), readSafetensorsIndex(clipFile(folder)), threads);
    const pixelsOf = async (depictions: readonly Depiction[]) =>
      wholePlanes(await depictionBytes(depictions, plan.sizePx), plan.sizePx, toClipPixels);
    const depictions = heldOutDepictions(128);
    const captions = depictions.map((depiction, index) => captionOf(depiction, createRandom(index), 0));
    const top1Of64 = await measureClip(clip, {
      pixels: await pixelsOf(depictions),
      ...captionTensors(tokenizer, captions),
    });
    const portraits = heldOutDepictions(128, 'portraits');
    const pictures = await clip.pictures(await pixelsOf(portraits));
    const names = await clip.texts(
      captionTensors(
        tokenizer,
        shapes.map((shape) => `a photo of a ${shape}`),
      ),
    );
    await clip.close();
    const right = portraits.filter(({ character }, index) => {
      const likeness = names.map((name) => cosine(pictures[index], name));
      return shapes[likeness.indexOf(Math.max(...likeness))] === character.shape;
    });
    return { top1Of64, shape: right.length / portraits.length };
  },
};
