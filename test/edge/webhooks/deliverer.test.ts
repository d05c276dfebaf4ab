import { expect, test } from 'vitest';
import type { Attempted } from '../../../edge/webhooks/attempt-delivery.ts';
import { createDeliverer } from '../../../edge/webhooks/deliverer.ts';
import { type Delivery, withEvent } from '../../../edge/webhooks/delivery.ts';
import { webhookEventSchema } from '../../../shared/webhook.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const webhook = { url: 'https://hooks.example.com/', events: webhookEventSchema.options };

/** A deliverer whose attempts end when the test says so. */
function scriptedDeliverer() {
  let deliveries: readonly Delivery[] = [];
  let nowMs = NOW_MS;
  const underWay: { event: string; end: (kind: 'delivered' | 'failed') => void }[] = [];
  const deliverer = createDeliverer({
    deliveries: () => deliveries,
    store: (changed) => {
      deliveries = changed;
    },
    attempt: ({ event }) =>
      new Promise<Attempted>((resolve) => {
        underWay.push({
          event,
          end: (kind) => {
            const attempt = { atMs: nowMs, statusCode: null, error: null, durationMs: 0 };
            resolve({ attempt, outcome: kind === 'failed' ? { kind, retryAfterMs: 0 } : { kind } });
          },
        });
      }),
    now: () => nowMs,
    random: () => 0.5,
  });
  return {
    deliverer,
    underWay,
    statuses: () => deliveries.map(({ status }) => status),
    storedDueAtMs: () => deliveries.map(({ dueAtMs }) => dueAtMs),
    happens: (event: 'generation.started' | 'generation.succeeded') => {
      deliveries = withEvent(deliveries, event, webhook, nowMs);
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

test('an end that comes while the start is under way waits for it, and supersedes it', async () => {
  const { deliverer, underWay, statuses, happens } = scriptedDeliverer();
  happens('generation.started');
  const running = deliverer.run();
  happens('generation.succeeded');
  await deliverer.run();
  expect(underWay.map(({ event }) => event)).toEqual(['generation.started']);
  underWay[0]!.end('failed');
  await expect.poll(() => underWay.length).toBe(2);
  underWay[1]!.end('delivered');
  await running;
  expect(statuses()).toEqual(['superseded', 'delivered']);
});

test('an attempt that dies with its object is due again after its lease, and not before', async () => {
  const { deliverer, underWay, happens, storedDueAtMs } = scriptedDeliverer();
  happens('generation.succeeded');
  void deliverer.run();
  expect(underWay).toHaveLength(1);
  expect(deliverer.nextDueAtMs()).toBe(NOW_MS + 60_000);
  expect(storedDueAtMs()).toEqual([NOW_MS + 60_000]);
});

test('nothing is due before its time, and then at once', async () => {
  const { deliverer, underWay, happens, pass } = scriptedDeliverer();
  happens('generation.succeeded');
  const first = deliverer.run();
  underWay[0]!.end('failed');
  await first;
  expect(deliverer.nextDueAtMs()).toBe(NOW_MS + 5_000);
  pass(4_999);
  await deliverer.run();
  expect(underWay).toHaveLength(1);
  pass(1);
  const second = deliverer.run();
  expect(underWay).toHaveLength(2);
  underWay[1]!.end('delivered');
  await second;
});

test('what fails on our side is an attempt, and is tried again', async () => {
  let deliveries = withEvent([], 'generation.succeeded', webhook, NOW_MS);
  const deliverer = createDeliverer({
    deliveries: () => deliveries,
    store: (changed) => {
      deliveries = changed;
    },
    attempt: () => Promise.reject(new Error('the account does not answer')),
    now: () => NOW_MS,
    random: () => 0.5,
  });
  await deliverer.run();
  expect(deliveries).toMatchObject([{ status: 'pending', failures: 1, dueAtMs: NOW_MS + 5_000 }]);
  expect(deliveries[0]?.attempts[0]?.error).toBe('not sent: something failed on our side');
});
