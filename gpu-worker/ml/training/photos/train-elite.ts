import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openModelFolder } from '../../weights/open-model-folder.ts';
import { writeSafetensors } from '../../weights/safetensors.ts';
import { writeTorchCheckpoint } from '../../weights/write-torch-checkpoint.ts';
import { namedTensors } from '../parameter-vector.ts';
import { runStage, type StageProgress } from '../stage.ts';
import { type OpenImagesSet, openImageBoxes, openImageSegments } from './open-images.ts';
import { openPhotoFolder } from './photo-folder.ts';
import { type PhotoStageOptions, photoGlobalStage } from './photo-global-stage.ts';
import { photoLocalStage } from './photo-local-stage.ts';
import type { PhotoSource } from './photo-source.ts';

export type EliteStageName = 'global' | 'local';

export type EliteTraining = PhotoStageOptions & {
  /** Stable Diffusion and the vision encoder, and for the local stage the trained global mapper. */
  modelFolder: string;
  /** Photos with masks `<name>_bg.png` beside them, or Open Images V6 in the authors' folders. */
  data: { folder: string } | { openImages: string; set: OpenImagesSet };
  /** For the checkpoint and the trained mapper. */
  outFolder: string;
  saveEverySeconds?: number;
  signal?: AbortSignal;
};

/**
 * Trains one of ELITE's stages on photos, or goes on from the checkpoint in `outFolder`. Whenever it ends, done or aborted, the mapper as it then is
 * lies there in the authors' format (`global_mapper.pt`) and as safetensors, ready to be put into a model folder.
 */
export async function* trainElite(name: EliteStageName, training: EliteTraining): AsyncGenerator<StageProgress> {
  const { modelFolder, data, outFolder, threads, saveEverySeconds, signal } = training;
  const model = openModelFolder(modelFolder, { untrained: true });
  const mapper = `${name}_mapper` as const;
  if (name === 'local' && !model.checkpoints.has('global_mapper')) {
    throw new Error(`${modelFolder}: expected the global mapper, which the local stage builds on, got none`);
  }
  const source = await openSource(name, data);
  const stage = await (name === 'global' ? photoGlobalStage : photoLocalStage)(model, source, training);
  try {
    const run = runStage(stage, { folder: outFolder, threads, saveEverySeconds, signal });
    let turn = await run.next();
    for (; !turn.done; turn = await run.next()) yield turn.value;
    const tensors = namedTensors(stage.phases[0].training.layout, turn.value.average, mapper);
    mkdirSync(outFolder, { recursive: true });
    writeTorchCheckpoint(join(outFolder, `${mapper}.pt`), tensors);
    writeSafetensors(join(outFolder, `${mapper}.safetensors`), tensors, { format: 'pt' });
  } finally {
    await stage.close?.();
  }
}

function openSource(name: EliteStageName, data: EliteTraining['data']): Promise<PhotoSource> {
  if ('folder' in data) return openPhotoFolder(data.folder, { masks: name === 'local' ? 'required' : 'optional' });
  return name === 'global' ? openImageBoxes(data.openImages, data.set) : openImageSegments(data.openImages, data.set);
}
