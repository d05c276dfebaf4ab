import { describe, expect, test } from 'vitest';
import { withHeartbeat } from '../../gpu-worker/worker/heartbeat.ts';
import { LeaseLostError } from '../../gpu-worker/worker/job-queue.ts';
import { createFakeClock } from './fake-clock.ts';

const LEASE_MS = 30_000;

function hold(renew: (beat: number) => Promise<void>) {
  const clock = createFakeClock();
  const work = Promise.withResolvers<string>();
  const seen: { renewedAfterMs: number[]; signal?: AbortSignal; settled: boolean } = {
    renewedAfterMs: [],
    settled: false,
  };
  const startedAt = clock.now();
  const held = withHeartbeat(
    {
      leaseMs: LEASE_MS,
      clock,
      renew: () => {
        seen.renewedAfterMs.push(clock.now() - startedAt);
        return renew(seen.renewedAfterMs.length);
      },
    },
    (signal) => {
      seen.signal = signal;
      return work.promise;
    },
  ).finally(() => {
    seen.settled = true;
  });
  return { clock, work, seen, held };
}

const lost = (signal: AbortSignal | undefined) => signal?.aborted && signal.reason.reason;

describe('a heartbeat', () => {
  test('renews every third of the lease, as long as the work takes and no longer', async () => {
    const { clock, work, seen, held } = hold(async () => {});
    await clock.advance(5 * LEASE_MS + 1);
    expect(seen.renewedAfterMs).toEqual(Array.from({ length: 15 }, (_, i) => ((i + 1) * LEASE_MS) / 3));
    expect(seen.signal?.aborted).toBe(false);

    work.resolve('done');
    expect(await held).toBe('done');
    await clock.advance(LEASE_MS);
    expect(seen.renewedAfterMs).toHaveLength(15);
  });

  test('outlives one failed renewal', async () => {
    const { clock, work, seen, held } = hold(async (beat) => {
      if (beat % 2 === 1) {
        throw new Error('the network is down');
      }
    });
    await clock.advance(3 * LEASE_MS);
    expect(seen.signal?.aborted).toBe(false);
    work.resolve('done');
    await held;
  });

  test('aborts the work while some lease is left when renewals keep failing', async () => {
    const { clock, work, seen, held } = hold(async () => {
      throw new Error('the network is down');
    });
    await clock.advance((2 * LEASE_MS) / 3);
    expect(lost(seen.signal)).toBe('lease_lost');
    work.resolve('stopped');
    await held;
  });

  test('aborts the work when a renewal hangs until the lease is over', async () => {
    const { clock, work, seen, held } = hold(() => new Promise(() => {}));
    await clock.advance(LEASE_MS - 1);
    expect(seen.signal?.aborted).toBe(false);
    await clock.advance(1);
    expect(lost(seen.signal)).toBe('lease_lost');
    work.resolve('stopped');
    await held;
  });

  test('aborts the work at once when the message is not ours any more', async () => {
    const { clock, work, seen, held } = hold(async () => {
      throw new LeaseLostError('gone');
    });
    await clock.advance(LEASE_MS / 3);
    expect(lost(seen.signal)).toBe('lease_lost');
    work.resolve('stopped');
    await held;
  });

  test('waits for the work it aborted: no handler outlives its slot', async () => {
    const { clock, work, seen, held } = hold(async () => {
      throw new LeaseLostError('gone');
    });
    await clock.advance(10 * LEASE_MS);
    expect(seen.settled).toBe(false);
    work.reject(new Error('stopped late'));
    await expect(held).rejects.toThrow('stopped late');
  });
});
