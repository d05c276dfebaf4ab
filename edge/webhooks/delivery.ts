import { newId } from '../../shared/ids.ts';
import type { DeliveryStatus, Webhook, WebhookEvent } from '../../shared/webhook.ts';
import { nextAttemptAtMs } from './retry-schedule.ts';

/** One event on its way to a receiver. Times are milliseconds since the epoch. */
export type Delivery = {
  readonly id: string;
  readonly event: WebhookEvent;
  readonly url: string;
  readonly status: DeliveryStatus;
  readonly createdAtMs: number;
  /** Of the running schedule: a redelivery begins another. */
  readonly failures: number;
  readonly dueAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly attempts: readonly Attempt[];
};

export type Attempt = {
  readonly atMs: number;
  readonly statusCode: number | null;
  readonly error: string | null;
  readonly durationMs: number;
};

/** What came of an attempt, as far as the rest of the delivery depends on it. */
export type Outcome =
  | { readonly kind: 'delivered' | 'stopped' | 'disabled' }
  | { readonly kind: 'failed'; readonly retryAfterMs: number };

/** Old enough to be forgotten. */
const KEPT_MS = 30 * 24 * 3_600_000;

/** Somebody who redelivers for ever must not fill the job's storage. */
const MAX_LOGGED_ATTEMPTS = 64;

const STARTED: WebhookEvent = 'generation.started';

/**
 * Adds an event of a job to its deliveries. An end supersedes what has not got through; a receiver that said it is
 * gone is told nothing more.
 */
export function withEvent(
  deliveries: readonly Delivery[],
  event: WebhookEvent,
  webhook: Webhook,
  nowMs: number,
): readonly Delivery[] {
  const earlier = event === STARTED ? deliveries : deliveries.map((delivery) => superseded(delivery, nowMs));
  if (!webhook.events.includes(event)) {
    return earlier;
  }
  const delivery: Delivery = {
    id: newId('delivery', nowMs),
    event,
    url: webhook.url,
    status: 'pending',
    createdAtMs: nowMs,
    failures: 0,
    dueAtMs: nowMs,
    endedAtMs: null,
    attempts: [],
  };
  const isDisabled = deliveries.some(({ status }) => status === 'disabled');
  return [...earlier, isDisabled ? ended(delivery, 'disabled', nowMs) : delivery];
}

function ended(delivery: Delivery, status: Exclude<DeliveryStatus, 'pending'>, nowMs: number): Delivery {
  return { ...delivery, status, dueAtMs: null, endedAtMs: nowMs };
}

function superseded(delivery: Delivery, nowMs: number): Delivery {
  return delivery.status === 'pending' ? ended(delivery, 'superseded', nowMs) : delivery;
}

/** An attempt under way: should it die with its object, it is due again at `againAtMs`. */
export function begun(delivery: Delivery, againAtMs: number): Delivery {
  return { ...delivery, dueAtMs: againAtMs };
}

/** The delivery after an attempt. One that was superseded meanwhile is not tried again. */
export function afterAttempt(
  delivery: Delivery,
  { attempt, outcome }: { attempt: Attempt; outcome: Outcome },
  { nowMs, random }: { nowMs: number; random: number },
): Delivery {
  const logged = { ...delivery, attempts: [...delivery.attempts, attempt].slice(-MAX_LOGGED_ATTEMPTS) };
  if (outcome.kind !== 'failed') {
    return ended(logged, outcome.kind, nowMs);
  }
  if (delivery.status !== 'pending') {
    return logged;
  }
  const failures = delivery.failures + 1;
  const dueAtMs = nextAttemptAtMs(failures, outcome.retryAfterMs, { nowMs, random });
  return dueAtMs === null ? ended({ ...logged, failures }, 'exhausted', nowMs) : { ...logged, failures, dueAtMs };
}

/** Tried again from now on, whatever came of it before. */
export function redelivered(delivery: Delivery, nowMs: number): Delivery {
  return { ...delivery, status: 'pending', failures: 0, dueAtMs: nowMs, endedAtMs: null };
}

/** The first that is due: events of a job go in order. */
export function firstDue(deliveries: readonly Delivery[], nowMs: number): Delivery | undefined {
  return deliveries.find(({ dueAtMs }) => dueAtMs !== null && dueAtMs <= nowMs);
}

export function withoutOld(deliveries: readonly Delivery[], nowMs: number): readonly Delivery[] {
  return deliveries.filter((delivery) => (forgottenAtMs(delivery) ?? Number.POSITIVE_INFINITY) > nowMs);
}

function forgottenAtMs({ endedAtMs }: Delivery): number | null {
  return endedAtMs === null ? null : endedAtMs + KEPT_MS;
}

/** When something is to be done about the deliveries next: an attempt, or forgetting one. */
export function nextDueAtMs(deliveries: readonly Delivery[]): number | null {
  const due = deliveries.map((delivery) => delivery.dueAtMs ?? forgottenAtMs(delivery)).filter((at) => at !== null);
  return due.length === 0 ? null : Math.min(...due);
}
