import { writeConceptFile } from '../../shared/concept-file.ts';
import type { EliteModel } from '../ml/elite/elite-model.ts';
import { type EncodeProgress, encodeConcept } from '../ml/pipelines/encode-concept.ts';
import { follow } from '../ml/pipelines/follow.ts';
import { keepPictures } from './kept-pictures.ts';
import type { Encoded, EncodeRequest } from './protocol.ts';
import type { JobOptions } from './serve.ts';
import { createStopwatch } from './stopwatch.ts';

const STAGES: readonly EncodeProgress['stage'][] = ['decode', 'vision', 'mapping'];

/** Encodes a job's photo and makes the files that stay of it. */
export async function encodeJob(
  model: EliteModel,
  { job, photo, mask }: EncodeRequest,
  { signal, onProgress }: JobOptions,
): Promise<Encoded> {
  const watch = createStopwatch();
  const kept = keepPictures(photo, mask); // decoded beside the networks
  kept.catch(() => {}); // what is wrong with a file is encodeConcept's to say
  const embedding = await follow(encodeConcept(model, { photo, mask: mask ?? undefined }, { signal }), ({ stage }) =>
    onProgress(STAGES.indexOf(stage), STAGES.length),
  );
  return {
    type: 'encoded',
    job,
    embedding: writeConceptFile({ ...embedding, model: model.description.fingerprint }),
    ...(await kept),
    timings: { encode_ms: watch.lap() },
  };
}
