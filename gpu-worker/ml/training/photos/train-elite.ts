import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openModelFolder } from '../../weights/open-model-folder.ts';
import { writeSafetensors } from '../../weights/safetensors.ts';
import { writeTorchCheckpoint } from '../../weights/write-torch-checkpoint.ts';
import { namedTensors } from '../parameter-vector.ts';
import { runStage, type StageProgress } from '../stage.ts';
import type { TrainingState } from '../training-state.ts';
import { type OpenImagesSet, openImageBoxes, openImageSegments } from './open-images.ts';
import { openPhotoFolder } from './photo-folder.ts';
import { type PhotoStageOptions, photoGlobalStage } from './photo-global-stage.ts';
import { photoLocalStage } from './photo-local-stage.ts';
import type { PhotoSource } from './photo-source.ts';
import { linkModelFolder, previewPhotos } from './preview-photos.ts';

export type EliteStageName = 'global' | 'local';

export type EliteTraining = PhotoStageOptions & {
  /** Stable Diffusion and the vision encoder, and for the local stage the trained global mapper. */
  modelFolder: string;
  /** Photos with masks `<name>_bg.png` beside them, or Open Images V6 in the authors' folders. */
  data: { folder: string } | { openImages: string; set: OpenImagesSet };
  /** For the checkpoint and the trained mapper. */
  outFolder: string;
  saveEverySeconds?: number;
  /** Draws the first photos in new places so often, into `previews/`. */
  previewEverySteps?: number;
  signal?: AbortSignal;
};

/**
 * Trains one of ELITE's stages on photos, or goes on from the checkpoint in `outFolder`. Whenever it ends, done or aborted, the mapper as it then is
 * lies there in the authors' format (`global_mapper.pt`) and as safetensors, ready to be put into a model folder.
 */
export async function* trainElite(name: EliteStageName, training: EliteTraining): AsyncGenerator<StageProgress> {
  const { modelFolder, data, outFolder, threads, saveEverySeconds, previewEverySteps, sizePx, signal } = training;
  const model = openModelFolder(modelFolder, { untrained: true });
  const mapper = `${name}_mapper` as const;
  if (name === 'local' && !model.checkpoints.has('global_mapper')) {
    throw new Error(`${modelFolder}: expected the global mapper, which the local stage builds on, got none`);
  }
  const source = await openSource(name, data);
  const stage = await (name === 'global' ? photoGlobalStage : photoLocalStage)(model, source, training);
  const { layout } = stage.phases[0].training;
  const draw = async ({ average }: TrainingState) => {
    const folder = join(outFolder, 'preview-model');
    const missing = (['global_mapper', 'local_mapper'] as const).filter((other) => !model.checkpoints.has(other));
    linkModelFolder(modelFolder, folder, [mapper, ...missing]);
    // A mapper that the folder lacks is stood in for by this one, which has the same shapes; a global stage is drawn without details.
    for (const file of new Set([mapper, ...missing])) {
      writeSafetensors(join(folder, `${file}.safetensors`), namedTensors(layout, average, mapper));
    }
    return previewPhotos(folder, source, { sizePx, strength: name === 'local' ? PREVIEW_STRENGTH : 0, threads });
  };
  const preview = previewEverySteps === undefined ? undefined : { everySteps: previewEverySteps, draw };
  try {
    const run = runStage(stage, {
      folder: outFolder,
      threads,
      saveEverySeconds,
      signal,
      preview,
    });
    let turn = await run.next();
    for (; !turn.done; turn = await run.next()) yield turn.value;
    const tensors = namedTensors(layout, turn.value.average, mapper);
    mkdirSync(outFolder, { recursive: true });
    writeTorchCheckpoint(join(outFolder, `${mapper}.pt`), tensors);
    writeSafetensors(join(outFolder, `${mapper}.safetensors`), tensors, { format: 'pt' });
  } finally {
    await stage.close?.();
  }
}

/** λ of the pictures that a local stage is shown by. */
const PREVIEW_STRENGTH = 0.8;

function openSource(name: EliteStageName, data: EliteTraining['data']): Promise<PhotoSource> {
  if ('folder' in data) return openPhotoFolder(data.folder, { masks: name === 'local' ? 'required' : 'optional' });
  return name === 'global' ? openImageBoxes(data.openImages, data.set) : openImageSegments(data.openImages, data.set);
}
