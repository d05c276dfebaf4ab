import { IMAGE_CONTENT_TYPES } from '../../shared/generation.ts';
import type { GenerateResult } from '../../shared/job-result.ts';
import { imageKey } from '../../shared/object-keys.ts';
import type { GenerateMessage } from '../../shared/queue-message.ts';
import type { Attempt } from './attempt.ts';
import { JobFault } from './job-fault.ts';

/** Draws the images and stores them. */
export async function runGenerate(message: GenerateMessage, attempt: Attempt): Promise<GenerateResult> {
  const { account_id: accountId, job_id: jobId, input } = message;
  const { clock, outputs } = attempt;
  const embeddings = await Promise.all(input.concepts.map((concept) => readEmbedding(concept.embedding_key, attempt)));
  const generated = await attempt.engine.generate({ job: attempt.id, input, embeddings }, attempt.options);

  const contentType = IMAGE_CONTENT_TYPES[input.format];
  const uploadStartedAt = clock.now();
  const images = await Promise.all(
    generated.images.map(async ({ bytes, seed, width, height, safety }, index) => {
      const key = imageKey(accountId, jobId, attempt.id, { index, format: input.format });
      return {
        key: await outputs.put(key, bytes, contentType),
        seed,
        width,
        height,
        content_type: contentType,
        safety,
      };
    }),
  );
  const uploadedAt = clock.now();
  return {
    version: 1,
    kind: 'generate',
    attempt: attempt.id,
    job_id: jobId,
    model: message.model,
    completed_at: new Date(uploadedAt).toISOString(),
    images,
    prompt_truncated: generated.prompt_truncated,
    timings: { ...generated.timings, upload_ms: Math.max(0, uploadedAt - uploadStartedAt) },
  };
}

async function readEmbedding(key: string, { store }: Attempt): Promise<Uint8Array> {
  const embedding = await store.get(key);
  if (embedding === null) {
    throw new JobFault('gone', 'a concept of this generation was deleted before it ran');
  }
  return embedding;
}
