import { env } from 'cloudflare:workers';
import { vi } from 'vitest';
import { writeConceptFile } from '../../shared/concept-file.ts';
import { IMAGE_CONTENT_TYPES } from '../../shared/generation.ts';
import { newAttemptId } from '../../shared/ids.ts';
import type { JobResult } from '../../shared/job-result.ts';
import { embeddingKey, imageKey, maskKey, photoKey, resultKey } from '../../shared/object-keys.ts';
import type { QueueMessage } from '../../shared/queue-message.ts';
import { signRequest } from '../../shared/signatures.ts';
import {
  type WorkerEvent,
  type WorkerEventAnswer,
  workerEventAnswerSchema,
  workerEventsPath,
} from '../../shared/worker-event.ts';
import { testModel } from '../shared/test-model.ts';
import { request } from './client.ts';

type Unenveloped<T> = T extends unknown ? Omit<T, 'version' | 'attempt' | 'seq' | 'at'> : never;

/** Every message of an account that reached the queue, oldest first. */
export async function queuedMessages(accountId: string): Promise<QueueMessage[]> {
  return (await fetch(`${env.SQS_ENDPOINT}/-/sent?account=${accountId}`)).json();
}

/** Waits for a job's message on the queue. */
export async function queuedMessage(accountId: string, jobId: string): Promise<QueueMessage> {
  return vi.waitUntil(async () => (await queuedMessages(accountId)).find((message) => message.job_id === jobId), {
    interval: 20,
    timeout: 25_000, // a send that two busy cores let time out is repeated
  });
}

export async function postEvent(jobId: string, event: unknown, secret = env.WORKER_SIGNING_SECRET): Promise<Response> {
  const path = workerEventsPath(jobId);
  const body = JSON.stringify(event);
  const signature = await signRequest({ method: 'POST', path, body }, secret, Date.now());
  return request(path, { method: 'POST', body, headers: { ...signature, 'Content-Type': 'application/json' } });
}

/** One attempt at one job by a worker that says what the test tells it to. */
export function newAttempt(message: QueueMessage) {
  const attempt = newAttemptId(Date.now());
  let seq = 0;

  async function report(event: Unenveloped<WorkerEvent>, options: { seq?: number } = {}): Promise<WorkerEventAnswer> {
    const envelope = { version: 1, attempt, seq: options.seq ?? seq++, at: new Date().toISOString() };
    const response = await postEvent(message.job_id, { ...envelope, ...event });
    return workerEventAnswerSchema.parse(await response.json());
  }

  async function writeResult(): Promise<JobResult> {
    const { account_id: account, job_id: job } = message;
    const common = { version: 1, attempt, model: message.model, completed_at: new Date().toISOString() } as const;
    let result: JobResult;
    if (message.kind === 'encode') {
      const keys = {
        embedding_key: embeddingKey(account, job, attempt),
        photo_key: photoKey(account, job, attempt),
        mask_key: message.input.mask_key && maskKey(account, job, attempt),
      };
      await env.BUCKET.put(keys.embedding_key, testConceptFile());
      await env.BUCKET.put(keys.photo_key, `photo of ${job}`);
      if (keys.mask_key) {
        await env.BUCKET.put(keys.mask_key, `mask of ${job}`);
      }
      result = { ...common, kind: 'encode', job_id: job, ...keys, timings: { encode_ms: 7 } };
    } else {
      const { num_images, seed, width, height, format } = message.input;
      const images = Array.from({ length: num_images }, (_, index) => ({
        key: imageKey(account, job, attempt, { index, format }),
        seed: seed + index,
        width,
        height,
        content_type: IMAGE_CONTENT_TYPES[format],
        safety: 'passed' as const,
      }));
      await Promise.all(images.map(({ key }, index) => env.BUCKET.put(key, `image ${index} of ${job}`)));
      const timings = { encode_ms: 1, denoise_ms: 2, decode_ms: 3, upload_ms: 4 };
      result = { ...common, kind: 'generate', job_id: job, images, prompt_truncated: false, timings };
    }
    await env.BUCKET.put(resultKey(account, job), JSON.stringify(result), { onlyIf: { etagDoesNotMatch: '*' } });
    return result;
  }

  return {
    attempt,
    report,
    writeResult,
    async succeed(): Promise<WorkerEventAnswer> {
      return report({ type: 'succeeded', result: await writeResult() });
    },
  };
}

export function testConceptFile({ model = testModel.fingerprint, value = 0.5 } = {}): Uint8Array<ArrayBuffer> {
  const { words, embedding } = testModel;
  return writeConceptFile({
    words: new Float32Array(words * embedding.dim).fill(value),
    local: new Float32Array(embedding.patches * embedding.dim).fill(0.25),
    wordCount: words,
    patches: embedding.patches,
    dim: embedding.dim,
    model,
  }).slice();
}

/** Takes a job from the queue and does it. */
export async function doJob(accountId: string, jobId: string): Promise<void> {
  const attempt = newAttempt(await queuedMessage(accountId, jobId));
  await attempt.report({ type: 'started' });
  await attempt.succeed();
}
