/** How many requests a subject may make in a window, and what is left of it. */
export type RateLimit = {
  readonly policy: 'key' | 'end_user' | 'address';
  readonly quota: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  readonly resetSeconds: number;
};

const WINDOW_MS = 60_000;

export type TakenFromLimit = RateLimit & { readonly isOver: boolean };

type Window = { readonly startedAtMs: number; readonly used: number };

/**
 * Counts requests by subject in fixed windows of a minute. In memory: a limit is for protection, not for billing, and
 * an object that was evicted had no traffic to limit.
 */
export function createRateLimiter() {
  const windows = new Map<string, Window>();

  return {
    /** Takes one request from the subject's window; `isOver` when there was none left. */
    take(policy: RateLimit['policy'], subject: string, quota: number, nowMs: number): TakenFromLimit {
      const name = `${policy} ${subject}`;
      const known = windows.get(name);
      const current = known && nowMs - known.startedAtMs < WINDOW_MS ? known : { startedAtMs: nowMs, used: 0 };
      const isOver = current.used >= quota;
      const used = isOver ? current.used : current.used + 1;
      windows.delete(name); // moved to the end: the map stays in order of last use
      windows.set(name, { ...current, used });
      this.forget(nowMs);
      return {
        policy,
        quota,
        windowSeconds: WINDOW_MS / 1000,
        remaining: quota - used,
        resetSeconds: Math.ceil((current.startedAtMs + WINDOW_MS - nowMs) / 1000),
        isOver,
      };
    },

    /** Drops the windows that are over, longest unused first. */
    forget(nowMs: number): void {
      for (const [name, { startedAtMs }] of windows) {
        if (nowMs - startedAtMs < WINDOW_MS) {
          return;
        }
        windows.delete(name);
      }
    },
  };
}
