import { writeSettings } from '../component-files.ts';
import { drawing } from './drawing.ts';
import type { ToylandPlan } from './plan.ts';

/** What a toyland model says of itself beside its weights. */
export function writeToylandSettings(
  modelFolder: string,
  { networks, drawingSteps }: Pick<ToylandPlan, 'networks' | 'drawingSteps'>,
): void {
  const defaults = { sampler: drawing.sampler, steps: drawingSteps, guidance_scale: drawing.guidanceScale };
  writeSettings(modelFolder, { featureLayers: networks.featureLayers, defaults });
}
