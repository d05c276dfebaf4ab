/** An object has one alarm: sets it to the earliest of what is due, or clears it. */
export async function setAlarmToEarliest(
  storage: DurableObjectStorage,
  dueAtMs: readonly (number | null)[],
): Promise<void> {
  const due = dueAtMs.filter((at) => at !== null);
  if (due.length === 0) {
    await storage.deleteAlarm();
  } else {
    await storage.setAlarm(Math.min(...due));
  }
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/** Exponential back-off: 1 s, 2 s, 4 s … one minute. */
export function retryAtMs(nowMs: number, failures: number): number {
  return nowMs + Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
}
