import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { VaeConfig } from '../../models/vae.ts';
import { vaeConfigSchema } from '../../weights/model-configs.ts';
import { openWeights } from '../../weights/open-weights.ts';
import type { WeightIndex } from '../../weights/tensor-location.ts';

const stems = {
  vae: ['diffusion_pytorch_model'],
  unet: ['diffusion_pytorch_model'],
  text_encoder: ['model'],
  vision_encoder: ['model'],
};

/** A component that an earlier stage has written. */
export function componentWeights(modelFolder: string, component: keyof typeof stems): WeightIndex {
  return openWeights(join(modelFolder, component), stems[component]);
}

/** The networks that ELITE's stages leave as they are. */
export function frozenWeights(modelFolder: string): Map<string, WeightIndex> {
  const components = ['unet', 'text_encoder', 'vision_encoder'] as const;
  return new Map(components.map((component) => [component, componentWeights(modelFolder, component)]));
}

/** A mapper that an earlier stage has written. */
export function mapperWeights(modelFolder: string, mapper: 'global_mapper' | 'local_mapper'): WeightIndex {
  return openWeights(modelFolder, [mapper]);
}

/** The VAE as it was trained. */
export function trainedVaeConfig(modelFolder: string): VaeConfig {
  return vaeConfigSchema.parse(JSON.parse(readFileSync(join(modelFolder, 'vae', 'config.json'), 'utf8')));
}
