import type { WebhookEvent } from '../../shared/webhook.ts';
import type { JobEventType } from '../durable-objects/job/job-state.ts';

const GENERATION_EVENT_OF: Readonly<Record<JobEventType, WebhookEvent | null>> = {
  queued: null,
  progress: null,
  running: 'generation.started',
  succeeded: 'generation.succeeded',
  failed: 'generation.failed',
  canceled: 'generation.canceled',
  expired: 'generation.expired',
};

const CONCEPT_EVENT_OF: Readonly<Record<JobEventType, WebhookEvent | null>> = {
  queued: null,
  progress: null,
  running: null,
  succeeded: 'concept.ready',
  failed: 'concept.failed',
  canceled: 'concept.failed',
  expired: 'concept.failed',
};

/** What a receiver is told when this happens to a job, if anything. */
export function webhookEventOf(kind: 'encode' | 'generate', type: JobEventType): WebhookEvent | null {
  return (kind === 'encode' ? CONCEPT_EVENT_OF : GENERATION_EVENT_OF)[type];
}
