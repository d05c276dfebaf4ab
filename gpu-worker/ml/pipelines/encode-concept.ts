import type { ConceptEmbedding } from '../elite/concept.ts';
import type { EliteModel } from '../elite/elite-model.ts';
import { ImageError } from '../image/image-error.ts';
import type { Mask, Picture } from '../image/picture.ts';
import { preprocessConcept } from '../image/preprocess-concept.ts';
import { cropObject } from '../segmentation/crop-object.ts';
import { progressChannel } from './progress-channel.ts';

export type ConceptPhotos = {
  readonly photo: Picture;
  /** Where the object is; any size. `auto`: the model finds it, and the photo is cropped to it. Without it the whole photo counts. */
  readonly mask: Mask | 'auto' | null;
};

/** The stage that begins; `found` is the mask of the whole photo that the model has made. */
export type EncodeProgress = {
  readonly stage: 'segmentation' | 'prepare' | 'vision' | 'mapping';
  readonly found?: Mask;
};

/**
 * One forward pass from a photo to a concept (ELITE §3): words from the whole photo, details from the object alone. Without a mask both
 * branches see the same picture and share one vision pass.
 *
 * @throws ImageError when the object is to be found and cannot be; the signal's reason when it aborts between stages.
 */
export function encodeConcept(
  model: EliteModel,
  { photo, mask }: ConceptPhotos,
  { signal }: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<EncodeProgress, ConceptEmbedding> {
  const { networks, config } = model;
  const { words: wordCount, wordSize: dim, patches } = config.mapping;
  return progressChannel(async (emit, aborted) => {
    const enter = (stage: EncodeProgress['stage'], found?: Mask) => {
      aborted.throwIfAborted();
      emit(found ? { stage, found } : { stage });
    };
    let view = { photo, mask: mask === 'auto' ? null : mask };
    let found: Mask | undefined;
    if (mask === 'auto') {
      enter('segmentation');
      found = await findObject(model, photo);
      view = cropObject(photo, found);
    }
    enter('prepare', found);
    const inputs = preprocessConcept(view.photo, view.mask, {
      imageSize: config.vision.imageSize,
      gridSize: Math.sqrt(patches),
    });
    enter('vision');
    const views = inputs.object ? [inputs.photo, inputs.object] : [inputs.photo];
    const [whole, object = whole] = await networks.visionFeatures(views);
    enter('mapping');
    const words = await networks.mapGlobal(whole);
    const local = await networks.mapLocal(object, inputs.maskGrid);
    return { words, local, wordCount, dim, patches };
  }, signal);
}

async function findObject({ segmenter }: EliteModel, photo: Picture): Promise<Mask> {
  if (!segmenter)
    throw new ImageError(
      'segmentation_unavailable',
      'expected a mask or none: the model has no network that finds the object',
    );
  return await segmenter.findObject(photo);
}
