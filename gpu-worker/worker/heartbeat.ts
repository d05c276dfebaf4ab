import type { Clock } from './clock.ts';
import { LeaseLostError } from './job-queue.ts';
import { StoppedError } from './stopped.ts';

/** One renewal may fail; when the next does too, a third of the lease is left to stop in. */
const BEATS_PER_LEASE = 3;

type HeartbeatOptions = {
  readonly leaseMs: number;
  /** Renews the lease to leaseMs from now. */
  readonly renew: () => Promise<void>;
  readonly clock: Clock;
};

/**
 * Does the work while renewing its lease, which the caller has just been given. When the lease is gone or about to run out unrenewed, the
 * work's signal aborts with StoppedError `lease_lost`. Settles as the work does and never before it: no handler outlives its slot.
 */
export async function withHeartbeat<T>(
  { leaseMs, renew, clock }: HeartbeatOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const done = new AbortController();
  const intervalMs = leaseMs / BEATS_PER_LEASE;

  async function beat(): Promise<void> {
    let leaseEndsAt = clock.now() + leaseMs;
    while (!lost.signal.aborted) {
      await clock.sleep(intervalMs, done.signal);
      const sentAt = clock.now();
      try {
        await settleBefore(leaseEndsAt, renew());
        leaseEndsAt = sentAt + leaseMs;
      } catch (error) {
        if (error instanceof LeaseLostError || clock.now() + intervalMs >= leaseEndsAt) {
          lost.abort(new StoppedError('lease_lost', { cause: error }));
        }
      }
    }
  }

  /** A renewal that hangs is as bad as one that fails. */
  async function settleBefore(deadline: number, renewal: Promise<void>): Promise<void> {
    const settled = new AbortController();
    const timeout = clock.sleep(deadline - clock.now(), settled.signal).then(() => {
      throw new Error('expected an answer from the queue before the lease ran out, got none');
    });
    await Promise.race([renewal, timeout]).finally(() => settled.abort());
  }

  const beating = beat().catch(() => {}); // ends by the abort of its sleep
  try {
    return await work(lost.signal);
  } finally {
    done.abort();
    await beating;
  }
}
