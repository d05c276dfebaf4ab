import type { Concept } from '../../../shared/concept.ts';
import { type ConceptRecord, mayExport } from '../../durable-objects/account/records.ts';
import { isoTime, type ObjectUrls } from '../object-urls.ts';

/** A concept as clients see it, with fresh URLs. */
export async function conceptObject(record: ConceptRecord, { origin, sign }: ObjectUrls): Promise<Concept> {
  const path = `/v1/concepts/${record.id}`;
  const { result, createdAtMs, startedAtMs, endedAtMs } = record;
  return {
    id: record.id,
    object: 'concept',
    status: record.status,
    name: record.name,
    category: record.category,
    metadata: record.metadata,
    model: record.model,
    mask_source: record.maskSource,
    copied_from: record.copiedFrom && { share: record.copiedFrom.shareId, rights: record.copiedFrom.rights },
    error: record.error,
    image_url: result?.photoKey ? await sign(`${path}/image`) : null,
    mask_url: result?.maskKey ? await sign(`${path}/mask`) : null,
    embedding_url: result && mayExport(record) ? await sign(`${path}/embedding`) : null,
    created_at: isoTime(createdAtMs),
    ready_at: record.status === 'ready' && endedAtMs !== null ? isoTime(endedAtMs) : null,
    expires_at: record.expiresAtMs === null ? null : isoTime(record.expiresAtMs),
    timings: {
      queued_ms: startedAtMs === null ? null : startedAtMs - createdAtMs,
      encode_ms: result?.encodeMs ?? null,
      total_ms: endedAtMs === null ? null : endedAtMs - createdAtMs,
    },
    links: { self: `${origin}${path}`, events: `${origin}${path}/events`, cancel: `${origin}${path}/cancel` },
  };
}
