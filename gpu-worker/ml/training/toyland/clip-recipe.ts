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
import { createRandom, type Random } from '../random.ts';
import type { Phase } from '../stage.ts';
import { clipStage } from '../stages/clip-stage.ts';
import { captionOf } from './caption.ts';
import { shapes } from './character.ts';
import { hueAfterEdit } from './edit.ts';
import { depictionBytes, heldOutDepictions } from './held-out-pictures.ts';
import { nameHue } from './hue.ts';
import type { ToylandPlan } from './plan.ts';
import { captionTensors, writeTokenizer } from './prompts.ts';
import type { Recipe, ToylandContext } from './recipe.ts';

/** ln(1/0.07), where CLIP starts its temperature (Radford et al. 2021). */
const initialLogitScale = Math.log(1 / 0.07);

export const clipConfig = ({ networks, projectionSize }: ToylandPlan): ClipConfig => ({
  vision: networks.vision,
  text: networks.text,
  projectionSize,
});

/** The whole CLIP model, kept for measuring: the text encoder goes on being trained with the UNet. */
export const clipFile = (folder: string): string => join(folder, 'clip', 'model.safetensors');

/** Of the later batches, those whose pictures are alike. */
const alikeShare = 0.75;

export const clipRecipe: Recipe = {
  name: 'clip',

  /**
   * First any pictures. Colour and surroundings are enough to tell most of those apart, so then pictures that only shape, pattern and face tell
   * apart, with captions that say all.
   */
  async stage({ album, plan, modelFolder, seed }) {
    const { batchSize, steps, alikeBatchSize, alikeSteps, learningRate } = plan.clip;
    const tokenizer = writeTokenizer(modelFolder);
    const sampleAlike = alikeSampler(album, alikeBatchSize);
    const phase = (untilStep: number, size: number, sample: (random: Random) => Sample): Phase => ({
      untilStep,
      training: clipStage(clipConfig(plan), size),
      frozen: new Map(),
      batchOf: async (step, part) => {
        const random = createRandom(seed, step, part);
        const { indices, dropProbability } = sample(random);
        const captions = indices.map((index) => captionOf(album.depiction(index), random, dropProbability));
        return {
          pixels: wholePlanes(album.rgb(indices), plan.sizePx, toClipPixels),
          ...captionTensors(tokenizer, captions),
        };
      },
    });
    const sampleAny = (size: number, random: Random): Sample => ({
      indices: Array.from({ length: size }, () => random.integer(album.count)),
    });
    const phases = [
      phase(steps, batchSize, (random) => sampleAny(batchSize, random)),
      phase(steps + alikeSteps, alikeBatchSize, (random) =>
        random.chance(alikeShare) ? sampleAlike(random) : sampleAny(alikeBatchSize, random),
      ),
    ];
    const { layout } = phases[0].training;
    const first = cosineRate(learningRate, { steps, warmupSteps: 200 });
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
      pixels: wholePlanes(bytes, plan.sizePx, toClipPixels),
      ...captionTensors(writeTokenizer(modelFolder), captions),
    });
    const pictures = await clip.pictures(wholePlanes(bytes, plan.sizePx, toClipPixels));
    const names = await clip.texts(
      captionTensors(
        writeTokenizer(modelFolder),
        shapes.map((shape) => `a photo of a ${shape}`),
      ),
    );
    await clip.close();
    const right = depictions.filter(({ character }, index) => {
      const likeness = names.map((name) => cosine(pictures[index], name));
      return shapes[likeness.indexOf(Math.max(...likeness))] === character.shape;
    });
    return { top1Of64, shape: right.length / depictions.length };
  },
};

type Sample = { indices: number[]; dropProbability?: number };

/** Draws pictures of one hue word in one scene with one edit, whose captions then say everything. */
function alikeSampler(album: ToylandContext['album'], size: number): (random: Random) => Sample {
  const groups = Map.groupBy(Array(album.count).keys(), (index) => {
    const { character, scene, edit } = album.depiction(index);
    return `${nameHue(hueAfterEdit(character.hueDegrees, edit))} ${scene} ${edit}`;
  });
  // In small groups the same character would come twice.
  const large = [...groups.values()].filter(({ length }) => length >= 2 * size);
  const pool = large.length > 0 ? large : [[...Array(album.count).keys()]];
  return (random) => {
    const group = random.pick(pool);
    return { indices: Array.from({ length: size }, () => random.pick(group)), dropProbability: 0 };
  };
}
