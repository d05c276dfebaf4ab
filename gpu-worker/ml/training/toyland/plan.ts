import type { EliteConfig } from '../../models/elite-config.ts';
import { sizePx, toylandNetworks } from './networks.ts';
import type { Metrics } from './recipe.ts';

/** How long a stage trains on batches of which size, how many of them make a step, and its highest learning rate. */
export type StagePlan = { steps: number; batchSize: number; accumulate?: number; learningRate: number };

/** All numbers of a toyland training; the recipes hold the methods. */
export type ToylandPlan = {
  /** Characters in the album, six pictures each. */
  characters: number;
  /** Side of a picture. */
  sizePx: number;
  networks: EliteConfig;
  /** Size of CLIP's joint space. */
  projectionSize: number;
  /** `steps` on crops of `cropPx`, then `wholeSteps` on whole pictures, then as many again as `restartSteps` from a fifth of the rate. */
  vae: StagePlan & { cropPx: number; wholeSteps: number; wholeBatchSize: number; restartSteps: number };
  /** `steps` on any pictures, then `alikeSteps` on pictures that are alike, in smaller batches. */
  clip: StagePlan & { alikeSteps: number; alikeBatchSize: number };
  reader: StagePlan;
  /** `steps` on pictures of half the size, `fullSteps` on full ones, then `detailSteps` with the plain loss, restarted. */
  unet: StagePlan & { fullSteps: number; detailSteps: number; averageDecay: number };
  words: StagePlan;
  global: StagePlan;
  local: StagePlan;
  previewEverySteps: number;
  /** Denoising steps of pictures that are drawn to be shown or measured. */
  drawingSteps: number;
  /** Held-out characters that the base model is measured on, six pictures each. */
  measuredCharacters: number;
  /** What a stage must reach on held-out characters before the next ones start: the least of each metric. */
  gates: Readonly<Record<string, Metrics>>;
};

/** From nothing. */
export function shippedPlan(): ToylandPlan {
  return {
    characters: 10_000,
    sizePx,
    networks: toylandNetworks(),
    projectionSize: 128,
    vae: {
      steps: 4400,
      batchSize: 16,
      cropPx: 32,
      wholeSteps: 4600,
      wholeBatchSize: 8,
      restartSteps: 2500,
      learningRate: 1e-3,
    },
    clip: { steps: 400, batchSize: 64, alikeSteps: 2800, alikeBatchSize: 64, learningRate: 1e-3 },
    reader: { steps: 12_000, batchSize: 32, learningRate: 1e-3 },
    unet: {
      steps: 3400,
      fullSteps: 19_600,
      detailSteps: 9000,
      batchSize: 8,
      accumulate: 2,
      learningRate: 5e-4,
      averageDecay: 0.9995,
    },
    words: { steps: 600, batchSize: 64, learningRate: 1e-3 },
    global: { steps: 2500, batchSize: 8, accumulate: 2, learningRate: 2e-4 },
    local: { steps: 5000, batchSize: 8, accumulate: 2, learningRate: 3e-4 },
    previewEverySteps: 2000,
    drawingSteps: 40,
    measuredCharacters: 35,
    gates: {
      vae: { psnrDb: 29.6 },
      clip: { top1Of64: 0.75, shape: 0.9 },
      reader: { shape: 0.97, pattern: 0.97, hue: 0.97, scene: 0.97, worn: 0.97 },
      unet: { shape: 0.9, pattern: 0.9, hueWord: 0.9, scene: 0.9, worn: 0.9 },
      words: { shape: 0.9 },
    },
  };
}

/** From a finished model, after a change of its world or of its latents. */
export function continuedPlan(): ToylandPlan {
  const { vae, clip, reader, unet, words, global, local, ...plan } = shippedPlan();
  return {
    ...plan,
    vae: { ...vae, steps: 0, wholeSteps: 0, restartSteps: 800, learningRate: 2.5e-3 },
    clip: { ...clip, steps: 0, alikeSteps: 800 },
    reader: { ...reader, steps: 2000 },
    unet: { ...unet, steps: 0, fullSteps: 0, detailSteps: 7000, learningRate: 8e-4 },
    words: { ...words, steps: 400 },
    global: { ...global, steps: 1800 },
    local: { ...local, steps: 5000 },
  };
}
