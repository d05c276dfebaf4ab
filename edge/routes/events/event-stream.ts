import type { Context } from 'hono';
import { type SSEMessage, type SSEStreamingApi, streamSSE } from 'hono/streaming';
import type { EdgeContext } from '../../context.ts';
import type { LoggedEvent } from '../../durable-objects/job/event-log.ts';
import { jobOf } from '../../durable-objects/stubs.ts';
import { type HeldRequest, holdOpen, RECHECK_MS } from '../../middleware/held-request.ts';
import { isoTime } from '../object-urls.ts';

/** Pauses of RECHECK_MS, so every 15 s: often enough that no proxy takes the silence for a dead connection. */
const PAUSES_PER_COMMENT = 3;

type EndedObject = { readonly id: string; readonly status: string };

export type JobStream = {
  readonly jobId: string;
  /** What the API calls an event of the job's log. */
  readonly nameOf: (event: LoggedEvent) => string;
  /** The object as it has ended, to send with its last event; null when it is gone. */
  readonly ended: () => Promise<EndedObject | null>;
};

const ENDS: ReadonlySet<LoggedEvent['type']> = new Set(['succeeded', 'failed', 'canceled', 'expired']);

/** Where a client that was cut off wants to go on; the start for one that says nothing sensible. */
export function lastEventId(header: string | undefined): number {
  return header && /^\d{1,15}$/.test(header) ? Number(header) : 0;
}

/**
 * A job's events as server-sent events: those after the last one the client has, then the new ones as they happen,
 * closing after the end. Every event of the log has its id, so that a client cut off anywhere misses nothing and gets
 * nothing twice.
 */
export async function streamJobEvents(c: Context<EdgeContext>, job: JobStream): Promise<Response> {
  const held = await holdOpen(c);
  c.header('X-Accel-Buffering', 'no');
  return streamSSE(c, async (stream) => {
    try {
      await tell(c, stream, job, held);
    } finally {
      await held.letGo();
    }
  });
}

async function tell(
  c: Context<EdgeContext>,
  stream: SSEStreamingApi,
  { jobId, nameOf, ended }: JobStream,
  held: HeldRequest,
): Promise<void> {
  const job = jobOf(c.env, jobId);
  let lastId = lastEventId(c.req.header('Last-Event-ID'));
  let pauses = 0;
  let checkedAtMs = Date.now();
  while (!stream.aborted) {
    const events = await job.eventsAfter(lastId, RECHECK_MS);
    if (events.length === 0 || Date.now() - checkedAtMs >= RECHECK_MS) {
      if (!(await held.mayGoOn())) {
        return;
      }
      checkedAtMs = Date.now();
    }
    for (const event of events) {
      const isEnd = ENDS.has(event.type);
      await stream.writeSSE(toMessage(event, nameOf(event), isEnd ? await ended() : null));
      lastId = event.id;
      if (isEnd) {
        return;
      }
    }
    if (events.length === 0) {
      const view = await job.view();
      if (!view || (view.state.endedAtMs !== null && view.lastEventId <= lastId)) {
        return; // an end since the pause is still to be sent
      }
      pauses += 1;
      if (pauses % PAUSES_PER_COMMENT === 0) {
        await stream.write(': still here\n\n');
      }
    }
  }
}

function toMessage({ id, atMs, progress }: LoggedEvent, name: string, object: EndedObject | null): SSEMessage {
  return { id: String(id), event: name, data: JSON.stringify({ type: name, at: isoTime(atMs), progress, object }) };
}
