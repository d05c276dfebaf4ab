import { checkTarget, type TargetRules } from '../egress/public-target.ts';
import type { Attempt, Outcome } from './delivery.ts';
import { parseRetryAfterMs } from './retry-schedule.ts';

export const ATTEMPT_TIMEOUT_MS = 15_000;

const GONE = 410;

export type WebhookRequest = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

export type AttemptPorts = {
  readonly rules: TargetRules;
  readonly now: () => number;
  /** Replaced by tests, as is the timer. */
  readonly fetch?: (url: URL, init: RequestInit) => Promise<Response>;
  readonly timeout?: (ms: number) => AbortSignal;
};

export type Attempted = { readonly attempt: Attempt; readonly outcome: Outcome };

/** Sends a webhook once. Never throws: whatever goes wrong is an outcome. */
export async function attemptDelivery(request: WebhookRequest, ports: AttemptPorts): Promise<Attempted> {
  const atMs = ports.now();
  const answer = await send(request, ports).catch((error: unknown) => reasonOf(error));
  const nowMs = ports.now();
  const durationMs = Math.max(0, nowMs - atMs);
  if (typeof answer === 'string') {
    return {
      attempt: { atMs, statusCode: null, error: answer, durationMs },
      outcome: { kind: 'failed', retryAfterMs: 0 },
    };
  }
  return {
    attempt: { atMs, statusCode: answer.status, error: null, durationMs },
    outcome: outcomeOf(answer, nowMs),
  };
}

/** The answer, or why none was asked for. */
async function send({ url, headers, body }: WebhookRequest, ports: AttemptPorts): Promise<Response | string> {
  const target = await checkTarget(url, ports.rules);
  if (target.verdict !== 'allowed') {
    return `not sent: the URL ${target.reason}`;
  }
  const { fetch: send = (to, init) => fetch(to, init), timeout = AbortSignal.timeout } = ports;
  const signal = timeout(ATTEMPT_TIMEOUT_MS);
  const response = await send(target.url, { method: 'POST', headers, body, redirect: 'manual', signal });
  await response.body?.cancel();
  return response;
}

function reasonOf(error: unknown): string {
  return error instanceof Error && error.name === 'TimeoutError'
    ? `no answer within ${ATTEMPT_TIMEOUT_MS / 1000} s`
    : 'the connection failed';
}

function outcomeOf({ ok, status, headers }: Response, nowMs: number): Outcome {
  if (ok) {
    return { kind: 'delivered' };
  }
  if (status === GONE) {
    return { kind: 'disabled' };
  }
  if (headers.get('webhook-delivery') === 'abort-message') {
    return { kind: 'stopped' };
  }
  return { kind: 'failed', retryAfterMs: parseRetryAfterMs(headers.get('Retry-After'), nowMs) };
}
