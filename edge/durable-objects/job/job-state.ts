import { ERROR_CODES, type ErrorCode } from '../../../shared/error-codes.ts';
import type { JobResult } from '../../../shared/job-result.ts';
import type { JobError } from '../../../shared/problem.ts';
import type { QueueMessage } from '../../../shared/queue-message.ts';
import type { Webhook } from '../../../shared/webhook.ts';
import type { WorkerEvent, WorkerEventAnswer } from '../../../shared/worker-event.ts';
import type { UseVerdict } from '../share/share-terms.ts';

/** What is agreed about a job, beside what its worker is told. */
export type JobTerms = {
  readonly startWithinMs: number;
  /** Names of the shares its concepts came by. */
  readonly shares: readonly string[];
  readonly webhook: Webhook | null;
};

/** One run of the model, from acceptance to its one end. All times are milliseconds since the epoch. */
export type JobState = {
  readonly message: QueueMessage;
  readonly shares: readonly string[];
  readonly webhook: Webhook | null;
  readonly status: JobStatus;
  readonly acceptedAtMs: number;
  /** A job that no worker has started by then ends. */
  readonly startByMs: number;
  /** A job that has started and not ended by then fails. */
  readonly deadlineMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** The last sequence number heard of every attempt; the one heard first most recently is current. */
  readonly lastSeqOf: Readonly<Record<string, number>>;
  readonly currentAttempt: string | null;
  readonly progress: JobProgress | null;
  readonly result: JobResult | null;
  readonly error: JobError | null;
};

export type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'canceled' | 'expired';
export type JobProgress = { readonly step: number; readonly steps: number };

/** What a client can see happen to a job, in order. */
export type JobEventType = JobStatus | 'progress';

export type Transition = { readonly state: JobState; readonly events: readonly JobEventType[] };

export function acceptedJob(
  message: QueueMessage,
  { startWithinMs, shares, webhook }: JobTerms,
  nowMs: number,
): JobState {
  return {
    message,
    shares,
    webhook,
    status: 'queued',
    acceptedAtMs: nowMs,
    startByMs: nowMs + startWithinMs,
    deadlineMs: Date.parse(message.deadline),
    startedAtMs: null,
    endedAtMs: null,
    lastSeqOf: {},
    currentAttempt: null,
    progress: null,
    result: null,
    error: null,
  };
}

export function hasEnded(state: JobState): boolean {
  return state.endedAtMs !== null;
}

function unchanged(state: JobState): Transition {
  return { state, events: [] };
}

function ended(state: JobState, status: JobStatus, end: Partial<JobState> & { endedAtMs: number }): Transition {
  return { state: { ...state, ...end, status }, events: [status] };
}

export function jobError(code: ErrorCode, message: string): JobError {
  return { code, message, retryable: ERROR_CODES[code].retryable };
}

/** The next moment at which the job ends by itself, or null once it has ended. */
export function endsItselfAtMs(state: JobState): number | null {
  if (hasEnded(state)) {
    return null;
  }
  return state.status === 'queued' ? Math.min(state.startByMs, state.deadlineMs) : state.deadlineMs;
}

/** Ends a job that nobody has started or finished in time, so that a client always gets an end. */
export function passTime(state: JobState, nowMs: number): Transition {
  const dueMs = endsItselfAtMs(state);
  if (dueMs === null || nowMs < dueMs) {
    return unchanged(state);
  }
  if (state.status === 'queued' && state.message.kind === 'generate') {
    return ended(state, 'expired', {
      endedAtMs: nowMs,
      error: jobError('deadline_exceeded', 'Expected a worker to start the job within its start limit; none did.'),
    });
  }
  return ended(state, 'failed', {
    endedAtMs: nowMs,
    error: jobError('deadline_exceeded', 'Expected an end of the job before its deadline; none came.'),
  });
}

/** A cancelled generation is `canceled`; a concept has no such status and fails with that code. */
export function cancel(state: JobState, nowMs: number): Transition {
  if (hasEnded(state)) {
    return unchanged(state);
  }
  const status = state.message.kind === 'generate' ? 'canceled' : 'failed';
  return ended(state, status, { endedAtMs: nowMs, error: jobError('canceled', 'Cancelled on request.') });
}

/** A job whose share does not count it as a use before it has begun ends there. */
export function refuse(state: JobState, verdict: Exclude<UseVerdict, 'counted'>, nowMs: number): Transition {
  return hasEnded(state)
    ? unchanged(state)
    : ended(state, 'failed', {
        endedAtMs: nowMs,
        error:
          verdict === 'taken_down'
            ? jobError('taken_down', 'The operator took the share down before the job began.')
            : jobError('gone', 'Expected a living share until the job begins, but it was revoked or used up.'),
      });
}

/**
 * Applies what a worker reports. A repeated (attempt, seq) changes nothing. An attempt never heard of takes the job
 * over; an attempt that lost it is told to stop, except that its success counts: `result.json` exists once, whoever
 * reports it.
 */
export function applyWorkerEvent(
  state: JobState,
  event: WorkerEvent,
  nowMs: number,
): Transition & { readonly answer: WorkerEventAnswer } {
  if (hasEnded(state)) {
    return { ...unchanged(state), answer: { action: 'stop', reason: 'ended' } };
  }
  const lastSeq = state.lastSeqOf[event.attempt];
  const isNewcomer = lastSeq === undefined;
  const isCurrent = isNewcomer || state.currentAttempt === event.attempt;
  if (!isCurrent && event.type !== 'succeeded') {
    return { ...unchanged(state), answer: { action: 'stop', reason: 'superseded' } };
  }
  if (!isNewcomer && event.seq <= lastSeq) {
    return { ...unchanged(state), answer: { action: 'continue' } };
  }
  const heard: JobState = {
    ...state,
    lastSeqOf: { ...state.lastSeqOf, [event.attempt]: event.seq },
    currentAttempt: isCurrent ? event.attempt : state.currentAttempt,
    status: 'running',
    startedAtMs: state.startedAtMs ?? nowMs,
    progress: event.type === 'progress' ? { step: event.step, steps: event.steps } : null,
  };
  const started: readonly JobEventType[] = state.status === 'queued' ? ['running'] : [];
  switch (event.type) {
    case 'started':
      return { state: heard, events: started, answer: { action: 'continue' } };
    case 'progress':
      return { state: heard, events: [...started, 'progress'], answer: { action: 'continue' } };
    case 'succeeded': {
      const { state: end, events } = ended(heard, 'succeeded', { endedAtMs: nowMs, result: event.result });
      return { state: end, events: [...started, ...events], answer: { action: 'stop', reason: 'ended' } };
    }
    case 'failed': {
      const { state: end, events } = ended(heard, 'failed', { endedAtMs: nowMs, error: event.error });
      return { state: end, events: [...started, ...events], answer: { action: 'stop', reason: 'ended' } };
    }
  }
}
