import type { DeliveryObject } from '../../../shared/webhook.ts';
import type { Delivery } from '../../webhooks/delivery.ts';
import { isoTime } from '../object-urls.ts';

/** A delivery as clients see it. */
export function deliveryObject(delivery: Delivery): DeliveryObject {
  const { id, event, url, status, attempts, dueAtMs, createdAtMs } = delivery;
  return {
    id,
    object: 'delivery',
    event,
    url,
    status,
    attempts: attempts.map(({ atMs, statusCode, error, durationMs }) => ({
      at: isoTime(atMs),
      status_code: statusCode,
      error,
      duration_ms: durationMs,
    })),
    next_attempt_at: dueAtMs === null ? null : isoTime(dueAtMs),
    created_at: isoTime(createdAtMs),
  };
}
