import { CONCEPT_FILE_CONTENT_TYPE } from '../../shared/concept-file.ts';
import type { EncodeResult } from '../../shared/job-result.ts';
import { embeddingKey, maskKey, photoKey } from '../../shared/object-keys.ts';
import type { EncodeMessage } from '../../shared/queue-message.ts';
import type { Attempt } from './attempt.ts';

/** Encodes the uploaded photo and stores what the result names. */
export async function runEncode(message: EncodeMessage, attempt: Attempt): Promise<EncodeResult> {
  const { account_id: accountId, job_id: jobId, input } = message;
  const { outputs } = attempt;
  const [photo, mask] = await Promise.all([
    readUpload(input.photo_key, attempt),
    input.mask_key === null ? null : readUpload(input.mask_key, attempt),
  ]);
  const sought = input.mask_source === 'auto' ? 'auto' : mask;
  const encoded = await attempt.engine.encode({ job: attempt.id, photo, mask: sought }, attempt.options);
  const [storedPhotoKey, storedMaskKey, storedEmbeddingKey] = await Promise.all([
    outputs.put(photoKey(accountId, jobId, attempt.id), encoded.photo, 'image/webp'),
    encoded.mask && outputs.put(maskKey(accountId, jobId, attempt.id), encoded.mask, 'image/png'),
    outputs.put(embeddingKey(accountId, jobId, attempt.id), encoded.embedding, CONCEPT_FILE_CONTENT_TYPE),
  ]);
  return {
    version: 1,
    kind: 'encode',
    attempt: attempt.id,
    job_id: jobId,
    model: message.model,
    completed_at: new Date(attempt.clock.now()).toISOString(),
    embedding_key: storedEmbeddingKey,
    photo_key: storedPhotoKey,
    mask_key: storedMaskKey,
    timings: encoded.timings,
  };
}

/**
 * A missing upload fails this attempt and not the job: another attempt may have come to its end since, and deletes the uploads then. The
 * next delivery finds its result.
 */
async function readUpload(key: string, { store }: Attempt): Promise<Uint8Array> {
  const upload = await store.get(key);
  if (upload === null) {
    throw new Error(`expected an upload at ${key}, found none`);
  }
  return upload;
}
