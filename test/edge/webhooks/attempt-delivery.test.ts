import { describe, expect, test } from 'vitest';
import { ATTEMPT_TIMEOUT_MS, type AttemptPorts, attemptDelivery } from '../../../edge/webhooks/attempt-delivery.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

function ports(changes: Partial<AttemptPorts> = {}): AttemptPorts {
  return {
    rules: { ownOrigins: ['https://edge.test'], allowLoopback: false, resolveHost: async () => ['93.184.215.14'] },
    now: () => NOW_MS,
    fetch: async () => new Response(null, { status: 204 }),
    ...changes,
  };
}

const request = { url: 'https://hooks.example.com/x', headers: { 'webhook-id': 'dlv_1' }, body: '{}' };

async function outcomeOf(response: Response) {
  return (await attemptDelivery(request, ports({ fetch: async () => response }))).outcome;
}

describe('an attempt', () => {
  test('posts the signed body and follows no redirect', async () => {
    const sent: [URL, RequestInit][] = [];
    const fetch = async (url: URL, init: RequestInit) => {
      sent.push([url, init]);
      return new Response(null, { status: 302, headers: { Location: 'https://10.0.0.1/' } });
    };
    const { attempt, outcome } = await attemptDelivery(request, ports({ fetch }));
    expect(sent).toHaveLength(1);
    expect(sent[0]?.[0].href).toBe(request.url);
    expect(sent[0]?.[1]).toMatchObject({ method: 'POST', redirect: 'manual', body: '{}', headers: request.headers });
    expect(attempt).toEqual({ atMs: NOW_MS, statusCode: 302, error: null, durationMs: 0 });
    expect(outcome).toEqual({ kind: 'failed', retryAfterMs: 0 });
  });

  test('gives up after 15 s', async () => {
    const timer = new AbortController();
    let waitedMs = 0;
    const attempted = attemptDelivery(
      request,
      ports({
        timeout: (ms) => {
          waitedMs = ms;
          return timer.signal;
        },
        fetch: (_, { signal }) =>
          new Promise((_, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason));
            timer.abort(new DOMException('too late', 'TimeoutError'));
          }),
      }),
    );
    expect((await attempted).attempt).toMatchObject({ statusCode: null, error: 'no answer within 15 s' });
    expect(waitedMs).toBe(ATTEMPT_TIMEOUT_MS);
  });

  test('does not say to the receiver’s owner what the network said to us', async () => {
    const fetch = () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.7:443'));
    expect((await attemptDelivery(request, ports({ fetch }))).attempt.error).toBe('the connection failed');
  });

  test.each([
    ['leads to a private address by now', async () => ['10.0.0.1']],
    ['cannot be looked up', () => Promise.reject(new Error('SERVFAIL'))],
  ])('is not made when the name %s, and is made up for later', async (_, resolveHost) => {
    const fetch = () => Promise.reject(new Error('this must not be called'));
    const rules = { ...ports().rules, resolveHost };
    const { attempt, outcome } = await attemptDelivery(request, ports({ fetch, rules }));
    expect(attempt.error).toMatch(/^not sent/);
    expect(outcome.kind).toBe('failed');
  });

  test.each([
    [200, 'delivered'],
    [204, 'delivered'],
    [299, 'delivered'],
    [301, 'failed'],
    [400, 'failed'],
    [404, 'failed'],
    [410, 'disabled'],
    [500, 'failed'],
  ])('that is answered %i is %s', async (status, kind) => {
    expect(await outcomeOf(new Response(null, { status }))).toMatchObject({ kind });
  });

  test('stops at webhook-delivery: abort-message', async () => {
    const headers = { 'webhook-delivery': 'abort-message' };
    expect(await outcomeOf(new Response(null, { status: 400, headers }))).toEqual({ kind: 'stopped' });
    expect(await outcomeOf(new Response(null, { status: 200, headers }))).toEqual({ kind: 'delivered' });
    const other = { 'webhook-delivery': 'something-new' };
    expect(await outcomeOf(new Response(null, { status: 400, headers: other }))).toMatchObject({ kind: 'failed' });
  });

  test.each([
    ['120', 120_000],
    [new Date(NOW_MS + 90_000).toUTCString(), 90_000],
    [new Date(NOW_MS - 90_000).toUTCString(), 0],
    ['-5', 0],
    ['soon', 0],
  ])('reads Retry-After: %s', async (value, retryAfterMs) => {
    const response = new Response(null, { status: 503, headers: { 'Retry-After': value } });
    expect(await outcomeOf(response)).toEqual({ kind: 'failed', retryAfterMs });
  });
});
