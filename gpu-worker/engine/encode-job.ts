import { writeConceptFile } from '../../shared/concept-file.ts';
import type { EliteModel } from '../ml/elite/elite-model.ts';
import { decodeImage } from '../ml/image/decode-image.ts';
import { decodeMask } from '../ml/image/decode-mask.ts';
import type { Mask } from '../ml/image/picture.ts';
import { type EncodeProgress, encodeConcept } from '../ml/pipelines/encode-concept.ts';
import { follow } from '../ml/pipelines/follow.ts';
import { keepPictures } from './kept-pictures.ts';
import type { Encoded, EncodeRequest } from './protocol.ts';
import type { JobOptions } from './serve.ts';
import { createStopwatch } from './stopwatch.ts';

const STAGES: readonly EncodeProgress['stage'][] = ['segmentation', 'prepare', 'vision', 'mapping'];

/** Encodes a job's photo and makes the files that stay of it. */
export async function encodeJob(
  model: EliteModel,
  request: EncodeRequest,
  { signal, onProgress }: JobOptions,
): Promise<Encoded> {
  const watch = createStopwatch();
  const found = Promise.withResolvers<Mask>();
  const photo = await decodeImage(request.photo);
  const mask = request.mask === 'auto' || request.mask === null ? request.mask : await decodeMask(request.mask);
  const kept = keepPictures(photo, mask === 'auto' ? found.promise : mask); // written beside the networks
  kept.catch(() => {}); // awaited below, unless the networks fail first
  const onEvent = (progress: EncodeProgress) => {
    if (progress.found) found.resolve(progress.found);
    onProgress(STAGES.indexOf(progress.stage), STAGES.length);
  };
  const embedding = await follow(encodeConcept(model, { photo, mask }, { signal }), onEvent);
  return {
    type: 'encoded',
    job: request.job,
    embedding: writeConceptFile({ ...embedding, model: model.description.fingerprint }),
    ...(await kept),
    timings: { encode_ms: watch.lap() },
  };
}
