import type { Clock } from './clock.ts';
import { JobFault } from './job-fault.ts';

type DeadlineOptions = { readonly deadline: string; readonly clock: Clock; readonly signal: AbortSignal };

/** Does the work under `signal` and a second one, which aborts with JobFault `deadline_exceeded` when the time has come. */
export async function withDeadline<T>(
  { deadline, clock, signal }: DeadlineOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const done = new AbortController();
  clock.sleep(Math.max(0, Date.parse(deadline) - clock.now()), done.signal).then(
    () => over.abort(new JobFault('deadline_exceeded', `the job did not end by ${deadline}`, { transient: false })),
    () => {},
  );
  try {
    return await work(AbortSignal.any([signal, over.signal]));
  } finally {
    done.abort();
  }
}
