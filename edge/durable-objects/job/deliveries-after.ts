import { type Delivery, withEvent } from '../../webhooks/delivery.ts';
import { webhookEventOf } from '../../webhooks/webhook-event.ts';
import type { JobEventType } from './job-state.ts';
import type { StoredJob } from './stored-job.ts';

/** A job's deliveries with what its receiver is to be told of these events, if it has one. */
export function deliveriesAfter(
  { state, deliveries }: StoredJob,
  events: readonly JobEventType[],
  nowMs: number,
): readonly Delivery[] {
  const { webhook, message } = state;
  if (!webhook) {
    return deliveries;
  }
  return events
    .map((type) => webhookEventOf(message.kind, type))
    .filter((event) => event !== null)
    .reduce((known, event) => withEvent(known, event, webhook, nowMs), deliveries);
}
