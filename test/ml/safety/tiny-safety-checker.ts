import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { portable } from '../../../gpu-worker/ml/graph/op-sets/portable.ts';
import { type SafetyCheckerConfig, safetyCheckerGraph } from '../../../gpu-worker/ml/models/safety-checker.ts';
import { writeRandomCheckpoint } from '../random-checkpoint.ts';

export const TINY_SAFETY_CHECKER: SafetyCheckerConfig = {
  vision: {
    imageSize: 28,
    patchSize: 14,
    hiddenSize: 16,
    intermediateSize: 32,
    layers: 2,
    heads: 2,
    layerNormEpsilon: 1e-5,
  },
  projectionSize: 12,
};

/** Writes a `safety_checker/` into a model folder, as Stable Diffusion's has one, whose every threshold is the same cosine. */
export function writeTinySafetyChecker(modelFolder: string, threshold: number): void {
  const folder = join(modelFolder, 'safety_checker');
  const { vision, projectionSize } = TINY_SAFETY_CHECKER;
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({
      architectures: ['StableDiffusionSafetyChecker'],
      model_type: 'clip',
      projection_dim: projectionSize,
      vision_config: {
        image_size: vision.imageSize,
        patch_size: vision.patchSize,
        hidden_size: vision.hiddenSize,
        intermediate_size: vision.intermediateSize,
        num_hidden_layers: vision.layers,
        num_attention_heads: vision.heads,
      },
    }),
  );
  writeRandomCheckpoint(join(folder, 'model.safetensors'), safetyCheckerGraph(TINY_SAFETY_CHECKER, portable), {
    concept_embeds_weights: threshold,
    special_care_embeds_weights: threshold,
  });
}
