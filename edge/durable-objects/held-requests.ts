/** The requests that a key holds open at a time, and how many it may. */
export type HeldRequests = { readonly quota: number; readonly remaining: number; readonly isOver: boolean };

/** How long a request counts that is not heard of again: its Worker may have died, or its client gone. */
const LEASE_MS = 30_000;

/** Counts the requests of each key that are held open: streams and waits. In memory, as rate limits are. */
export function createHeldRequests() {
  const leases = new Map<string, Map<string, number>>();

  return {
    /** Takes a place for a request, or keeps the one it has; `isOver` when all are taken. */
    take(keyId: string, requestId: string, quota: number, nowMs: number): HeldRequests {
      const ofKey = leases.get(keyId) ?? new Map<string, number>();
      leases.set(keyId, ofKey);
      for (const [id, endsAtMs] of ofKey) {
        if (endsAtMs <= nowMs) {
          ofKey.delete(id);
        }
      }
      const isOver = !ofKey.has(requestId) && ofKey.size >= quota;
      if (!isOver) {
        ofKey.set(requestId, nowMs + LEASE_MS);
      }
      return { quota, remaining: Math.max(quota - ofKey.size, 0), isOver };
    },

    release(keyId: string, requestId: string): void {
      const ofKey = leases.get(keyId);
      ofKey?.delete(requestId);
      if (ofKey?.size === 0) {
        leases.delete(keyId);
      }
    },
  };
}
