import { retryAtMs } from '../alarm.ts';
import type { JobState } from './job-state.ts';

/** Something another party must hear at least once. Sent at once, and again from `dueAtMs` on until acknowledged. */
export type Outgoing = { readonly dueAtMs: number; readonly failures: number };

/** What a job owes to whom. */
export type Outbox = { readonly toQueue: Outgoing | null; readonly toAccount: Outgoing | null };
export type Recipient = keyof Outbox;

/** A send that was not acknowledged by then, because the object died, is repeated. */
const RESEND_AFTER_MS = 15_000;

export function owedFrom(nowMs: number): Outgoing {
  return { dueAtMs: nowMs + RESEND_AFTER_MS, failures: 0 };
}

export type OutboxPorts = {
  readonly stored: () => (Outbox & { readonly state: JobState }) | undefined;
  readonly store: (change: Partial<Outbox>) => void;
  readonly send: Readonly<Record<Recipient, (state: JobState) => Promise<void>>>;
  readonly now: () => number;
};

/** Sends what a job owes, to each recipient one message at a time. */
export function createOutbox({ stored, store, send, now }: OutboxPorts) {
  const sending = new Set<Recipient>();

  async function attempt(to: Recipient, outgoing: Outgoing, state: JobState): Promise<Outgoing | null> {
    try {
      await send[to](state);
      return null;
    } catch (error) {
      const failures = outgoing.failures + 1;
      console.warn(JSON.stringify({ level: 'warn', message: 'job could not send', failures, detail: String(error) }));
      return { dueAtMs: retryAtMs(now(), outgoing.failures), failures };
    }
  }

  return {
    isDue(to: Recipient): boolean {
      const outgoing = stored()?.[to];
      return outgoing ? outgoing.dueAtMs <= now() : false;
    },

    /** Sends what is owed until nothing is or it fails; the alarm tries again then. */
    async send(to: Recipient): Promise<void> {
      if (sending.has(to)) {
        return;
      }
      sending.add(to);
      try {
        for (let job = stored(); job?.[to]; job = stored()) {
          const outgoing = job[to];
          const next = await attempt(to, outgoing, job.state);
          if (stored()?.[to] !== outgoing) {
            continue; // the job changed meanwhile, and that is owed too
          }
          store({ [to]: next });
          if (next) {
            break;
          }
        }
      } finally {
        sending.delete(to);
      }
    },
  };
}
