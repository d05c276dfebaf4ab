import { join } from 'node:path';
import { measureVae } from '../../evaluation/vae-quality.ts';
import { vaeFactor } from '../../models/vae.ts';
import { openWeights } from '../../weights/open-weights.ts';
import { vaeComponent, writeComponent } from '../component-files.ts';
import { initialWeights } from '../initial-weights.ts';
import { cosineRate } from '../learning-rate.ts';
import { namedTensors } from '../parameter-vector.ts';
import type { Phase } from '../stage.ts';
import { vaeStage } from '../stages/vae-stage.ts';
import { depictionTensor, heldOutDepictions } from './held-out-pictures.ts';
import { sizePx, toylandNetworks } from './networks.ts';
import type { Recipe } from './recipe.ts';
import { vaeBatches } from './vae-batches.ts';

const cropPx = 32;
const cropSteps = 6000;
const steps = 7500;

/** SD's autoencoder at toyland's scale: a picture of 64 pixels becomes 16 × 16 latents. */
export const vaeRecipe: Recipe = {
  name: 'vae',
  gates: { psnrDb: 30 },

  /**
   * Most steps are on quarter-size crops near the character, which costs a quarter and shows more of it; the last ones on whole pictures, so
   * that attention and norms have seen what they are used on.
   */
  stage({ album, seed }) {
    const config = toylandNetworks().vae;
    const phase = (untilStep: number, batchSize: number, size: number): Phase => {
      const latentSize = size / vaeFactor(config);
      const latentShape = [config.latentChannels, latentSize, latentSize];
      return {
        untilStep,
        training: vaeStage(config, { batchSize, sizePx: size, objectWeight: 3, klWeight: 1e-6 }),
        frozen: new Map(),
        batchOf: vaeBatches(album, { seed, batchSize, sizePx: size, latentShape }),
      };
    };
    const phases = [phase(cropSteps, 16, cropPx), phase(steps, 8, sizePx)];
    return {
      name: 'vae',
      phases,
      initial: () => initialWeights(phases[0].training.layout, seed),
      options: { learningRate: cosineRate(1e-3, { steps, warmupSteps: 100 }), averageDecay: 0.999 },
    };
  },

  /** The scaling factor in its configuration gives the latents unit variance. */
  async finish({ modelFolder, threads }, stage, state) {
    const config = toylandNetworks().vae;
    const tensors = namedTensors(stage.phases[0].training.layout, state.average, 'vae');
    writeComponent(modelFolder, vaeComponent(config, sizePx), tensors);
    const weights = openWeights(join(modelFolder, 'vae'), ['diffusion_pytorch_model']);
    const pictures = await depictionTensor(heldOutDepictions(40), sizePx);
    const quality = await measureVae(config, weights, pictures, threads);
    const scaled = { ...config, scalingFactor: Number((1 / quality.latentDeviation).toPrecision(6)) };
    writeComponent(modelFolder, vaeComponent(scaled, sizePx), tensors);
    return quality;
  },
};
