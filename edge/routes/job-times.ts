/** A job that no worker has started within this is not worth starting, unless the request says otherwise. */
export const DEFAULT_START_WITHIN_MS = 3_600_000;

/** The longest a started job may take: 100 steps of the full model on a slow CPU. */
const RUN_WITHIN_MS = 3_600_000;

/** When the job has failed if it has not ended. */
export function deadlineOf(nowMs: number, startWithinMs: number): number {
  return nowMs + startWithinMs + RUN_WITHIN_MS;
}
