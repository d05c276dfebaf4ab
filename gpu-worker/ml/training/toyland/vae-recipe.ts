import { pictureGrid } from '../../evaluation/picture-grid.ts';
import { measureChannels, measureVae, reconstruct } from '../../evaluation/vae-quality.ts';
import { vaeFactor } from '../../models/vae.ts';
import type { TensorToWrite } from '../../weights/tensor-to-write.ts';
import { vaeComponent, writeComponent } from '../component-files.ts';
import { initialWeights } from '../initial-weights.ts';
import { cosineRate, restartedRate } from '../learning-rate.ts';
import { namedTensors } from '../parameter-vector.ts';
import { fromPlanes } from '../pixels.ts';
import type { Phase } from '../stage.ts';
import { vaeStage } from '../stages/vae-stage.ts';
import { standardiseLatents } from '../standardise-latents.ts';
import { depictionTensor, heldOutDepictions } from './held-out-pictures.ts';
import type { Recipe } from './recipe.ts';
import { componentWeights, trainedVaeConfig } from './trained-model.ts';
import { vaeBatches } from './vae-batches.ts';

/** SD's autoencoder at toyland's scale. */
export const vaeRecipe: Recipe = {
  name: 'vae',

  /**
   * The first half is on crops near the character, which cost a quarter and show more of it; the second on whole pictures. Crops alone level off:
   * from step 2900 to 4100 they won 0.5 dB, at 27 dB, and left walls and sand a shade off. The first schedule ends at 29.8 dB.
   */
  async stage({ album, plan, seed }) {
    const config = plan.networks.vae;
    const phase = (untilStep: number, batchSize: number, sizePx: number): Phase => {
      const latentSize = sizePx / vaeFactor(config);
      const latentShape = [config.latentChannels, latentSize, latentSize];
      return {
        untilStep,
        training: vaeStage(config, { batchSize, sizePx, objectWeight: 3, klWeight: 1e-4, halvedWeight: 0.5 }),
        frozen: new Map(),
        batchOf: vaeBatches(album, { seed, batchSize, sizePx, latentShape }),
      };
    };
    const { steps, wholeSteps, restartSteps, batchSize, wholeBatchSize, cropPx, learningRate } = plan.vae;
    const firstSteps = steps + wholeSteps;
    const phases = [phase(steps, batchSize, cropPx), phase(firstSteps + restartSteps, wholeBatchSize, plan.sizePx)];
    const first = cosineRate(learningRate, { steps: firstSteps, warmupSteps: 100 });
    const restarted = cosineRate(learningRate / 5, { steps: restartSteps, warmupSteps: 50 });
    return {
      name: 'vae',
      phases,
      initial: () => initialWeights(phases[0].training.layout, seed),
      options: { learningRate: restartedRate(first, restarted, firstSteps), averageDecay: 0.999 },
    };
  },

  async write({ plan, modelFolder, threads }, stage, state) {
    const { vae } = plan.networks;
    const write = (tensors: ReadonlyMap<string, TensorToWrite>) =>
      writeComponent(modelFolder, vaeComponent(vae, plan.sizePx), tensors);
    const trained = namedTensors(stage.phases[0].training.layout, state.average, 'vae');
    write(trained);
    const pictures = await depictionTensor(heldOutDepictions(10), plan.sizePx);
    const statistics = await measureChannels(vae, componentWeights(modelFolder, 'vae'), pictures, threads);
    write(standardiseLatents(trained, statistics));
  },

  async measure({ plan, modelFolder, threads }) {
    const pictures = await depictionTensor(heldOutDepictions(40), plan.sizePx);
    return measureVae(plan.networks.vae, componentWeights(modelFolder, 'vae'), pictures, threads);
  },

  async preview({ plan, modelFolder, threads }) {
    const pictures = await depictionTensor(heldOutDepictions(2), plan.sizePx);
    const given = fromPlanes(pictures);
    const back = fromPlanes(
      await reconstruct(trainedVaeConfig(modelFolder), componentWeights(modelFolder, 'vae'), pictures, threads),
    );
    return pictureGrid([given.slice(0, 6), back.slice(0, 6), given.slice(6), back.slice(6)], { zoom: 2 });
  },
};
