import type { Context } from 'hono';
import type { Generation } from '../../../shared/generation.ts';
import type { EdgeContext } from '../../context.ts';
import type { GenerationRecord } from '../../durable-objects/account/records.ts';
import { readQueueDepth } from '../../queue/queue-depth.ts';
import { isoTime, type ObjectUrls, objectUrls } from '../object-urls.ts';

/** A generation as clients see it, with fresh URLs. */
export async function generationObject(c: Context<EdgeContext>, record: GenerationRecord): Promise<Generation> {
  const queuePosition = record.status === 'queued' ? await readQueueDepth(c.env, Date.now()) : null;
  return describeGeneration(record, objectUrls(c), queuePosition);
}

export async function describeGeneration(
  record: GenerationRecord,
  { origin, sign }: ObjectUrls,
  queuePosition: number | null,
): Promise<Generation> {
  const path = `/v1/generations/${record.id}`;
  const { result, createdAtMs, startedAtMs, endedAtMs } = record;
  const { steps } = record.input;
  const images = result?.images ?? [];
  return {
    id: record.id,
    object: 'generation',
    status: record.status,
    queue_position: queuePosition,
    progress: record.status === 'succeeded' ? { step: steps, steps } : (record.progress ?? { step: 0, steps }),
    model: record.model,
    input: { ...record.input, prompt_truncated: result?.prompt_truncated ?? null },
    images: await Promise.all(
      images.map(async ({ seed, width, height, content_type, safety }, index) => ({
        url: await sign(`${path}/images/${index}`),
        seed,
        width,
        height,
        content_type,
        safety,
      })),
    ),
    error: record.error,
    metadata: record.metadata,
    created_at: isoTime(createdAtMs),
    started_at: startedAtMs === null ? null : isoTime(startedAtMs),
    completed_at: endedAtMs === null ? null : isoTime(endedAtMs),
    expires_at: record.expiresAtMs === null ? null : isoTime(record.expiresAtMs),
    timings: {
      queued_ms: startedAtMs === null ? null : startedAtMs - createdAtMs,
      encode_ms: result?.timings.encode_ms ?? null,
      denoise_ms: result?.timings.denoise_ms ?? null,
      decode_ms: result?.timings.decode_ms ?? null,
      upload_ms: result?.timings.upload_ms ?? null,
      total_ms: endedAtMs === null ? null : endedAtMs - createdAtMs,
    },
    links: { self: `${origin}${path}`, events: `${origin}${path}/events`, cancel: `${origin}${path}/cancel` },
  };
}
