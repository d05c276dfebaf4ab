import type { Context } from 'hono';
import type { EdgeContext } from '../context.ts';

/** The caller's trace (W3C Trace Context) to carry to the worker; what has not its form is no trace. */
export function traceparentOf(c: Context<EdgeContext>): string | null {
  const header = c.req.header('traceparent') ?? '';
  return /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(header) ? header : null;
}
