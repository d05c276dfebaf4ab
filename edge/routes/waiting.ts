import type { Context } from 'hono';
import type { EdgeContext } from '../context.ts';
import type { JobView } from '../durable-objects/job.ts';
import { jobOf } from '../durable-objects/stubs.ts';
import { noLongerAuthentic } from '../middleware/authenticate.ts';
import { type HeldRequest, holdOpen, RECHECK_MS } from '../middleware/held-request.ts';

export type Until = 'change' | 'end';

/** How long a request waits for a job, and for what. */
export type Waiting = { readonly waitMs: number; readonly until: Until; readonly held: HeldRequest };

/** Does `work` as a request held open, or as any other when it does not ask to wait. */
export async function whileHeld<T>(
  c: Context<EdgeContext>,
  { seconds, until }: { readonly seconds: number | null; readonly until: Until },
  work: (waiting: Waiting | null) => Promise<T>,
): Promise<T> {
  if (seconds === null) {
    return work(null);
  }
  const held = await holdOpen(c);
  try {
    return await work({ waitMs: 1000 * seconds, until, held });
  } finally {
    await held.letGo();
  }
}

/**
 * The job when it has ended, when it has changed from what it was on arrival if that will do, or when the time is up.
 * Throws 401 once the caller may not be told any more.
 */
export async function waitForJob(
  c: Context<EdgeContext>,
  jobId: string,
  { waitMs, until, held }: Waiting,
): Promise<JobView | null> {
  const giveUpAtMs = Date.now() + waitMs;
  const job = jobOf(c.env, jobId);
  const onArrival = await job.view();
  for (let view = onArrival; ; ) {
    const leftMs = giveUpAtMs - Date.now();
    const hasChanged = view?.lastEventId !== onArrival?.lastEventId;
    if (!view || leftMs <= 0 || view.state.endedAtMs !== null || (until === 'change' && hasChanged)) {
      return view;
    }
    view = await job.wait(until, { waitMs: Math.min(leftMs, RECHECK_MS), since: onArrival!.lastEventId });
    if (!(await held.mayGoOn())) {
      throw noLongerAuthentic();
    }
  }
}
