import type { MiddlewareHandler } from 'hono';

/**
 * For URLs that are secrets, whatever they answer: they must not travel on, and what is behind them may be revoked at
 * any time.
 */
export const secretUrl: MiddlewareHandler = async (c, next) => {
  await next();
  c.res.headers.set('Referrer-Policy', 'no-referrer');
  c.res.headers.set('X-Robots-Tag', 'noindex, nofollow');
  c.res.headers.set('Cache-Control', 'private, no-store');
};
