import type { WorkerEventAnswer } from '../../shared/worker-event.ts';
import type { Clock } from './clock.ts';
import { StoppedError, type StopReason } from './stopped.ts';

/** Often enough for a progress bar and a prompt cancel, seldom enough for whoever stores it. */
const INTERVAL_MS = 250;

type TellerOptions = {
  readonly tell: (step: number, steps: number, signal: AbortSignal) => Promise<WorkerEventAnswer>;
  /** The job does not want to be worked on any more. */
  readonly onStop: (reason: StopReason) => void;
  readonly clock: Clock;
};

/** Tells the job its latest step, one at a time; steps that came and went in between are never told. */
export function createProgressTeller({ tell, onStop, clock }: TellerOptions) {
  const closed = new AbortController();
  let latest: { step: number; steps: number } | undefined;
  let telling: Promise<void> | undefined;

  async function tellLatest(): Promise<void> {
    while (latest !== undefined) {
      const { step, steps } = latest;
      latest = undefined;
      const answer = await tell(step, steps, closed.signal);
      if (answer.action === 'stop') {
        return onStop(answer.reason);
      }
      await clock.sleep(INTERVAL_MS, closed.signal);
    }
  }

  return {
    update(step: number, steps: number): void {
      latest = { step, steps };
      telling ??= tellLatest()
        .catch(() => {}) // the next step tells again
        .finally(() => {
          telling = undefined;
        });
    },

    /** Resolves when nothing is being told any more. */
    async close(): Promise<void> {
      latest = undefined;
      closed.abort(new StoppedError('ended'));
      await telling;
    },
  };
}
