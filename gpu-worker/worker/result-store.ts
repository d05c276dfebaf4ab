import { type JobResult, jobResultSchema } from '../../shared/job-result.ts';
import { resultKey } from '../../shared/object-keys.ts';
import type { QueueMessage } from '../../shared/queue-message.ts';
import type { ObjectStore } from './object-store.ts';
import type { Outputs } from './outputs.ts';

/** The result that counts, when some attempt has come that far. */
export async function findResult(message: QueueMessage, store: ObjectStore): Promise<JobResult | null> {
  const bytes = await store.get(resultKey(message.account_id, message.job_id));
  return bytes && jobResultSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
}

/**
 * Makes a result the one that counts, unless another attempt's already is: resolves with that one then, and takes back what this attempt
 * uploaded. When it throws, either may have come true, so the uploads stay.
 */
export async function commitResult(
  message: QueueMessage,
  result: JobResult,
  { store, outputs }: { store: ObjectStore; outputs: Outputs },
): Promise<JobResult> {
  const key = resultKey(message.account_id, message.job_id);
  const bytes = new TextEncoder().encode(JSON.stringify(jobResultSchema.parse(result)));
  if ((await store.putOnce(key, bytes, 'application/json')) === 'written') {
    return result;
  }
  const winner = await findResult(message, store);
  if (winner === null) {
    throw new Error(`expected a result at ${key}, which is taken, found none`);
  }
  if (winner.attempt !== result.attempt) {
    await outputs.discard();
  }
  return winner;
}

/** The raw photo and mask, which may carry a place and a name, are gone before the concept is ready. */
export async function deleteUploads(message: QueueMessage, store: ObjectStore): Promise<void> {
  if (message.kind === 'encode') {
    const { photo_key: photoKey, mask_key: maskKey } = message.input;
    await Promise.all([store.delete(photoKey), maskKey !== null && store.delete(maskKey)]);
  }
}
