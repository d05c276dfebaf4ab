import { describe, expect, test } from 'vitest';
import { estimateMemory } from '../../../gpu-worker/ml/autodiff/memory.ts';
import { CLIP_TEXT_L } from '../../../gpu-worker/ml/models/clip-text.ts';
import { VIT_L_14 } from '../../../gpu-worker/ml/models/clip-vision.ts';
import { ELITE_V1, FEATURE_LAYERS } from '../../../gpu-worker/ml/models/mapping-networks.ts';
import { SD_V1_4_UNET } from '../../../gpu-worker/ml/models/unet.ts';
import { SD_V1_4_VAE } from '../../../gpu-worker/ml/models/vae.ts';
import { globalStage } from '../../../gpu-worker/ml/training/stages/global-stage.ts';
import { localStage } from '../../../gpu-worker/ml/training/stages/local-stage.ts';

const config = {
  vision: VIT_L_14,
  featureLayers: FEATURE_LAYERS,
  text: CLIP_TEXT_L,
  mapping: ELITE_V1,
  unet: SD_V1_4_UNET,
  vae: SD_V1_4_VAE,
};
const gibibyte = 2 ** 30;

describe.each([
  { name: 'global', build: globalStage, inputsGib: 3.77, activationsGib: 4.54 },
  { name: 'local', build: localStage, inputsGib: 3.39, activationsGib: 4.74 },
])('the $name stage of Stable Diffusion v1-4 at 512²', ({ build, inputsGib, activationsGib }) => {
  const { graph, layout, lossNames } = build(config, { batchSize: 1, latentSize: 64 });

  test('is a graph with one gradient for all of the 48.07 million weights that the authors train', () => {
    expect(layout.length / 1e6).toBeCloseTo(48.07, 2);
    const { value } = graph.outputs.find(({ name }) => name === 'gradient')!;
    expect(value.shape).toEqual([layout.length]);
    expect(lossNames).toEqual(['loss', 'denoising', 'penalty']);
  });

  // The figures that the documentation gives for a GPU.
  test('needs the memory that is written down', () => {
    const { inputs, peakActivations } = estimateMemory(graph);
    expect(inputs / gibibyte).toBeCloseTo(inputsGib, 1);
    expect(peakActivations / gibibyte).toBeCloseTo(activationsGib, 1);
  });
});
