import { writeConceptFile } from '../../shared/concept-file.ts';
import type { EliteModel } from '../ml/elite/elite-model.ts';
import { encodeConcept } from '../ml/pipelines/encode-concept.ts';
import { maskFile, photoFile } from './concept-pictures.ts';
import type { Encoded, EncodeRequest } from './protocol.ts';
import { createStopwatch } from './stopwatch.ts';

/** Encodes a job's photo and makes the files that stay of it. */
export async function encodeJob(
  model: EliteModel,
  { job, photo, mask }: EncodeRequest,
  signal: AbortSignal,
): Promise<Encoded> {
  const watch = createStopwatch();
  const run = encodeConcept(model, { photo, mask: mask ?? undefined }, { signal });
  let next = await run.next();
  while (!next.done) {
    next = await run.next();
  }
  const { bytes, ...size } = await photoFile(photo);
  return {
    type: 'encoded',
    job,
    embedding: writeConceptFile({ ...next.value, model: model.description.fingerprint }),
    photo: bytes,
    mask: mask && (await maskFile(mask, size)),
    timings: { encode_ms: watch.lap() },
  };
}
