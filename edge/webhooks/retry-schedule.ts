const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Between the end of one attempt and the next: after the last the delivery is exhausted. */
export const RETRY_DELAYS_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  10 * HOUR_MS,
] as const;

/** Share of a delay by which it varies either way, so that what failed together is not tried again together. */
const JITTER = 0.2;

/** A receiver may ask for more patience than the schedule has, within reason. */
const LONGEST_RETRY_AFTER_MS = 24 * HOUR_MS;

/** When to try again after so many failures, or null when it was tried often enough. `random` is from [0, 1). */
export function nextAttemptAtMs(
  failures: number,
  retryAfterMs: number,
  { nowMs, random }: { nowMs: number; random: number },
): number | null {
  const delayMs = RETRY_DELAYS_MS[failures - 1];
  if (delayMs === undefined) {
    return null;
  }
  const jitteredMs = Math.round(delayMs * (1 + JITTER * (2 * random - 1)));
  return nowMs + Math.max(jitteredMs, Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS));
}

/** How long a `Retry-After` header (RFC 9110 section 10.2.3) asks to wait, in seconds or until a date; 0 when it does not. */
export function parseRetryAfterMs(header: string | null, nowMs: number): number {
  if (header === null) {
    return 0;
  }
  const text = header.trim();
  const untilMs = /^\d{1,9}$/.test(text) ? nowMs + Number(text) * SECOND_MS : Date.parse(text);
  return Number.isNaN(untilMs) ? 0 : Math.max(0, untilMs - nowMs);
}
