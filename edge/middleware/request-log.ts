import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import type { EdgeContext } from '../context.ts';

/**
 * One line a request. It names the route, not the path or the query, which may hold the token of a share or a
 * signature; and no bodies, which hold prompts and photos.
 */
export function requestLog(): MiddlewareHandler<EdgeContext> {
  return async (c, next) => {
    const startedAtMs = Date.now();
    await next();
    const { LOG_REQUESTS } = c.get('settings');
    if (LOG_REQUESTS) {
      const line = {
        level: c.res.status >= 500 ? 'error' : 'info',
        message: 'request',
        request_id: c.get('requestId'),
        traceparent: c.req.header('traceparent')?.slice(0, 64),
        method: c.req.method,
        route: routePath(c, -1),
        status: c.res.status,
        duration_ms: Date.now() - startedAtMs,
        account: c.get('principal')?.accountId,
      };
      console.log(JSON.stringify(line));
    }
  };
}
