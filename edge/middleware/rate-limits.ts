import type { Context } from 'hono';
import type { EdgeContext } from '../context.ts';
import type { HeldRequests } from '../durable-objects/held-requests.ts';
import type { TakenFromLimit } from '../durable-objects/rate-limiter.ts';
import { ApiError } from '../errors.ts';

/** Tells the caller of its limits (draft-ietf-httpapi-ratelimit-headers) and stops it when one is reached. */
export function enforceRateLimits(c: Context<EdgeContext>, limits: readonly TakenFromLimit[]): void {
  const policies = limits.map(({ policy, quota, windowSeconds }) => `"${policy}";q=${quota};w=${windowSeconds}`);
  const states = limits.map(({ policy, remaining, resetSeconds }) => `"${policy}";r=${remaining};t=${resetSeconds}`);
  c.header('RateLimit-Policy', policies.join(', '));
  c.header('RateLimit', states.join(', '));
  const over = limits.filter(({ isOver }) => isOver);
  if (over.length > 0) {
    const waitSeconds = Math.max(...over.map(({ resetSeconds }) => resetSeconds));
    const names = over.map(({ policy, quota }) => `${quota} requests a minute by ${policy}`).join(' and ');
    throw new ApiError('rate_limited', `Expected at most ${names}.`, {
      headers: { 'Retry-After': String(waitSeconds) },
    });
  }
}

/** When a place is free again nobody knows. */
const RETRY_HELD_SECONDS = 5;

/** The same for requests held open, beside the limits told before (`qu` is the draft's unit of a quota). */
export function enforceHeldLimit(c: Context<EdgeContext>, { quota, remaining, isOver }: HeldRequests): void {
  c.header('RateLimit-Policy', `"held";q=${quota};qu="concurrent-requests"`, { append: true });
  c.header('RateLimit', `"held";r=${remaining}`, { append: true });
  if (isOver) {
    throw new ApiError('rate_limited', `Expected at most ${quota} streams and waits at a time by key.`, {
      headers: { 'Retry-After': String(RETRY_HELD_SECONDS) },
    });
  }
}
