import { join } from 'node:path';
import type { EliteConfig } from '../../models/elite-config.ts';
import { writeSafetensors } from '../../weights/safetensors.ts';
import { initialWeights } from '../initial-weights.ts';
import { loadInto, namedTensors } from '../parameter-vector.ts';
import { unetProjections } from '../projections.ts';
import { globalStage } from '../stages/global-stage.ts';
import { localStage } from '../stages/local-stage.ts';
import { componentWeights } from './trained-model.ts';

/** Writes both mappers as their training starts: random networks, and the UNet's own projections. */
export function writeUntrainedMappers(modelFolder: string, networks: EliteConfig, seed: number): void {
  const projections = unetProjections(componentWeights(modelFolder, 'unet'));
  const size = { batchSize: 1, latentSize: 2 ** networks.unet.blockChannels.length };
  for (const [mapper, stage] of [
    ['global_mapper', globalStage],
    ['local_mapper', localStage],
  ] as const) {
    const { layout } = stage(networks, size);
    const weights = initialWeights(layout, seed);
    loadInto(weights, layout, mapper, projections);
    writeSafetensors(join(modelFolder, `${mapper}.safetensors`), namedTensors(layout, weights, mapper), {
      format: 'pt',
    });
  }
}
