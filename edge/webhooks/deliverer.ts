import type { Attempted } from './attempt-delivery.ts';
import { afterAttempt, begun, type Delivery, firstDue, nextDueAtMs, withoutOld } from './delivery.ts';

/** Longer than an attempt can take, with all it needs: one still under way by then has died with its object. */
const LEASE_MS = 60_000;

export type DelivererPorts = {
  readonly deliveries: () => readonly Delivery[];
  readonly store: (deliveries: readonly Delivery[]) => void;
  readonly attempt: (delivery: Delivery) => Promise<Attempted>;
  readonly now: () => number;
  readonly random: () => number;
};

/** Works off the deliveries of a job, one attempt at a time, so that its events arrive in order. */
export function createDeliverer({ deliveries, store, attempt, now, random }: DelivererPorts) {
  let busyUntilMs: number | null = null;

  function change(id: string, by: (delivery: Delivery) => Delivery): void {
    store(deliveries().map((delivery) => (delivery.id === id ? by(delivery) : delivery)));
  }

  async function attemptSafely(delivery: Delivery): Promise<Attempted> {
    const atMs = now();
    try {
      return await attempt(delivery);
    } catch (error) {
      console.error(JSON.stringify({ level: 'error', message: 'webhook not sent', detail: String(error) }));
      return {
        attempt: { atMs, statusCode: null, error: 'not sent: something failed on our side', durationMs: now() - atMs },
        outcome: { kind: 'failed', retryAfterMs: 0 },
      };
    }
  }

  async function attemptOne({ id }: Delivery): Promise<void> {
    const againAtMs = now() + LEASE_MS;
    busyUntilMs = againAtMs;
    change(id, (delivery) => begun(delivery, againAtMs));
    const attempted = await attemptSafely(deliveries().find((delivery) => delivery.id === id)!);
    change(id, (delivery) => afterAttempt(delivery, attempted, { nowMs: now(), random: random() }));
  }

  return {
    /** When `run` is to be called at the latest. */
    nextDueAtMs(): number | null {
      const dueAtMs = nextDueAtMs(deliveries());
      return dueAtMs === null ? null : Math.max(dueAtMs, busyUntilMs ?? 0);
    },

    /** Attempts everything that is due; returns when nothing is, or when another call is at it. */
    async run(): Promise<void> {
      if (busyUntilMs !== null) {
        return;
      }
      try {
        const kept = withoutOld(deliveries(), now());
        if (kept.length !== deliveries().length) {
          store(kept);
        }
        for (let due = firstDue(deliveries(), now()); due; due = firstDue(deliveries(), now())) {
          await attemptOne(due);
        }
      } finally {
        busyUntilMs = null;
      }
    },
  };
}
