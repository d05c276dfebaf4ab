import { describe, expect, test } from 'vitest';
import {
  afterAttempt,
  type Delivery,
  firstDue,
  nextDueAtMs,
  type Outcome,
  redelivered,
  withEvent,
  withoutOld,
} from '../../../edge/webhooks/delivery.ts';
import { RETRY_DELAYS_MS } from '../../../edge/webhooks/retry-schedule.ts';
import { type WebhookEvent, webhookEventSchema } from '../../../shared/webhook.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 24 * 3_600_000;

const webhook = { url: 'https://hooks.example.com/', events: webhookEventSchema.options };

function delivery(event: WebhookEvent = 'generation.succeeded'): Delivery {
  return withEvent([], event, webhook, NOW_MS)[0]!;
}

function tried(before: Delivery, outcome: Outcome, { nowMs = NOW_MS, random = 0.5 } = {}): Delivery {
  return afterAttempt(
    before,
    { attempt: { atMs: nowMs, statusCode: 500, error: null, durationMs: 1 }, outcome },
    { nowMs, random },
  );
}

const failed: Outcome = { kind: 'failed', retryAfterMs: 0 };

describe('a delivery', () => {
  test('is tried 8 times, after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, and is exhausted then', () => {
    const waitsMs: number[] = [];
    let [current, nowMs] = [delivery(), NOW_MS];
    while (current.status === 'pending') {
      nowMs = current.dueAtMs!;
      current = tried(current, failed, { nowMs });
      waitsMs.push((current.dueAtMs ?? nowMs) - nowMs);
    }
    const [second, minute, hour] = [1000, 60_000, 3_600_000];
    expect(waitsMs).toEqual([5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 10 * hour, 0]);
    expect(current).toMatchObject({ status: 'exhausted', dueAtMs: null, endedAtMs: nowMs });
    expect(current.attempts).toHaveLength(8);
  });

  test('varies its delays by a fifth either way', () => {
    const delays = [0, 0.5, 1 - Number.EPSILON].map(
      (random) => tried(delivery(), failed, { random }).dueAtMs! - NOW_MS,
    );
    expect(delays).toEqual([4_000, 5_000, 6_000]);
  });

  test('waits at least as long as Retry-After asks, and a day at most', () => {
    const dueAfter = (retryAfterMs: number) => tried(delivery(), { kind: 'failed', retryAfterMs }).dueAtMs! - NOW_MS;
    expect([1_000, 60_000, 365 * DAY_MS].map(dueAfter)).toEqual([RETRY_DELAYS_MS[0], 60_000, DAY_MS]);
  });

  test('is superseded by the end of the job, unless it got through', () => {
    const started = withEvent([], 'generation.started', webhook, NOW_MS);
    expect(withEvent(started, 'generation.failed', webhook, NOW_MS).map(({ status }) => status)).toEqual([
      'superseded',
      'pending',
    ]);
    const delivered = started.map((one) => tried(one, { kind: 'delivered' }));
    expect(withEvent(delivered, 'generation.failed', webhook, NOW_MS).map(({ status }) => status)).toEqual([
      'delivered',
      'pending',
    ]);
  });

  test('that was superseded while under way is delivered if it got through, and not tried again if not', () => {
    const [superseded] = withEvent([delivery('generation.started')], 'generation.failed', webhook, NOW_MS);
    expect(tried(superseded!, { kind: 'delivered' })).toMatchObject({ status: 'delivered' });
    expect(tried(superseded!, failed)).toMatchObject({ status: 'superseded', dueAtMs: null });
  });

  test('is made for the events that were asked for, and supersedes for the others', () => {
    const only = { ...webhook, events: ['generation.started'] as const };
    const started = withEvent([], 'generation.started', only, NOW_MS);
    expect(withEvent(started, 'generation.canceled', only, NOW_MS)).toMatchObject([{ status: 'superseded' }]);
  });

  test('is disabled from the start for a receiver that answered 410 before', () => {
    const gone = [tried(delivery('generation.started'), { kind: 'disabled' })];
    const statuses = withEvent(gone, 'generation.succeeded', webhook, NOW_MS).map(({ status }) => status);
    expect(statuses).toEqual(['disabled', 'disabled']);
  });

  test('begins a new schedule when it is redelivered', () => {
    let current = delivery();
    while (current.status === 'pending') {
      current = tried(current, failed);
    }
    const again = redelivered(current, NOW_MS + DAY_MS);
    expect(again).toMatchObject({ id: current.id, status: 'pending', dueAtMs: NOW_MS + DAY_MS });
    expect(tried(again, failed)).toMatchObject({ status: 'pending', failures: 1 });
  });

  test('is forgotten 30 days after its end', () => {
    const ended = [tried(delivery(), { kind: 'delivered' })];
    expect(nextDueAtMs(ended)).toBe(NOW_MS + 30 * DAY_MS);
    expect(withoutOld(ended, NOW_MS + 30 * DAY_MS - 1)).toHaveLength(1);
    expect(withoutOld(ended, NOW_MS + 30 * DAY_MS)).toHaveLength(0);
  });
});

test('of several that are due the first event goes first', () => {
  const [first, second] = [delivery('generation.started'), delivery()];
  expect(firstDue([first, second], NOW_MS)).toBe(first);
  expect(firstDue([{ ...first, dueAtMs: NOW_MS + 1 }, second], NOW_MS)).toBe(second);
  expect(firstDue([first], NOW_MS - 1)).toBeUndefined();
});
