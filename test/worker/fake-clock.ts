import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../gpu-worker/worker/clock.ts';

/** Long enough for everything that a timer set off, file and socket work apart, to run to its next wait. */
const TURNS = 5;

const STEP_MS = 100;

export type FakeClock = Clock & {
  advance(ms: number): Promise<void>;
  /** Lets time pass until the promise settles: for what also waits for real I/O. */
  advanceUntilSettled<T>(promise: Promise<T>): Promise<T>;
};

/** Time that passes only when told to; whoever is woken runs before the next one is. */
export function createFakeClock(startMs = Date.parse('2026-11-23T12:00:00Z')): FakeClock {
  let nowMs = startMs;
  const sleepers = new Set<{ at: number; wake: () => void }>();

  async function settle(): Promise<void> {
    for (let i = 0; i < TURNS; i++) {
      await turn();
    }
  }

  async function advance(ms: number): Promise<void> {
    const until = nowMs + ms;
    await settle();
    for (;;) {
      const [next] = [...sleepers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) {
        break;
      }
      nowMs = Math.max(nowMs, next.at);
      sleepers.delete(next);
      next.wake();
      await settle();
    }
    nowMs = until;
  }

  return {
    now: () => nowMs,
    advance,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const sleeper = { at: nowMs + ms, wake: resolve };
      const onAbort = () => reject(signal?.reason);
      sleepers.add(sleeper);
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        await promise;
      } finally {
        sleepers.delete(sleeper);
        signal?.removeEventListener('abort', onAbort);
      }
    },
    async advanceUntilSettled(promise) {
      let settled = false;
      const onSettled = () => {
        settled = true;
      };
      promise.then(onSettled, onSettled);
      while (!settled) {
        await advance(STEP_MS);
      }
      return promise;
    },
  };
}
