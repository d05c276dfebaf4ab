import type { JobResult } from '../../shared/job-result.ts';
import type { JobError } from '../../shared/problem.ts';
import { signRequest } from '../../shared/signatures.ts';
import {
  type WorkerEvent,
  type WorkerEventAnswer,
  workerEventAnswerSchema,
  workerEventsPath,
} from '../../shared/worker-event.ts';
import type { Clock } from './clock.ts';

const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 5000;
const REQUEST_TIMEOUT_MS = 10_000;

/** The edge answered, and it was no answer to an event: trying again cannot help. */
export class ReportRefusedError extends Error {
  override readonly name = 'ReportRefusedError';
}

/** What one attempt tells its job. Each call resolves with whether to go on, and rejects when `signal` aborts first. */
export type Reporter = {
  started(signal: AbortSignal): Promise<WorkerEventAnswer>;
  /** Sent once: a progress that cannot be told is soon out of date. */
  progress(step: number, steps: number, signal: AbortSignal): Promise<WorkerEventAnswer>;
  succeeded(result: JobResult, signal: AbortSignal): Promise<WorkerEventAnswer>;
  failed(error: JobError, signal: AbortSignal): Promise<WorkerEventAnswer>;
};

export type EdgeConnection = {
  readonly origin: string;
  readonly secret: string;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
};

type EventBody = WorkerEvent extends infer Event
  ? Event extends WorkerEvent
    ? Omit<Event, 'version' | 'attempt' | 'seq' | 'at'>
    : never
  : never;

type ReportedAttempt = { readonly jobId: string; readonly attemptId: string; readonly traceparent: string | null };

export function createReporter(edge: EdgeConnection, attempt: ReportedAttempt): Reporter {
  const path = workerEventsPath(attempt.jobId);
  const trace = attempt.traceparent === null ? {} : { traceparent: attempt.traceparent };
  let nextSeq = 0;

  /** Undefined when the edge cannot be reached or is not well. */
  async function post(event: WorkerEvent, signal: AbortSignal): Promise<WorkerEventAnswer | undefined> {
    const answer = await send(JSON.stringify(event), signal).catch(() => undefined);
    if (answer === undefined || answer.status >= 500 || answer.status === 429) {
      return undefined;
    }
    if (answer.status !== 200) {
      throw new ReportRefusedError(`${event.type} of ${attempt.jobId}: ${answer.status} ${answer.body}`);
    }
    return workerEventAnswerSchema.parse(JSON.parse(answer.body));
  }

  async function send(body: string, signal: AbortSignal): Promise<{ status: number; body: string }> {
    const signature = await signRequest({ method: 'POST', path, body }, edge.secret, edge.clock.now());
    const response = await edge.fetch(new URL(path, edge.origin), {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...trace, ...signature },
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    return { status: response.status, body: await response.text() };
  }

  function eventOf(body: EventBody): WorkerEvent {
    const at = new Date(edge.clock.now()).toISOString();
    return { version: 1, attempt: attempt.attemptId, seq: nextSeq++, at, ...body };
  }

  async function postUntilAnswered(body: EventBody, signal: AbortSignal): Promise<WorkerEventAnswer> {
    const event = eventOf(body);
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(2 * retryMs, MAX_RETRY_MS)) {
      signal.throwIfAborted();
      const answer = await post(event, signal);
      if (answer !== undefined) {
        return answer;
      }
      await edge.clock.sleep(retryMs, signal);
    }
  }

  return {
    started: (signal) => postUntilAnswered({ type: 'started' }, signal),
    progress: async (step, steps, signal) =>
      (await post(eventOf({ type: 'progress', step, steps }), signal)) ?? { action: 'continue' },
    succeeded: (result, signal) => postUntilAnswered({ type: 'succeeded', result }, signal),
    failed: (error, signal) => postUntilAnswered({ type: 'failed', error }, signal),
  };
}
