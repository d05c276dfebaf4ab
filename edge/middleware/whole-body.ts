import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ApiError } from '../errors.ts';

/** Has all of the body before anything else happens: one that is too large or breaks off gets no further. */
export function wholeBody(maxSizeBytes: number): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: maxSizeBytes,
    onError: () => {
      throw new ApiError('payload_too_large', `Expected a body of at most ${maxSizeBytes} bytes.`);
    },
  });
  return async (c, next) => {
    try {
      await limit(c, async () => {
        await c.req.arrayBuffer(); // stays with the request for whoever parses it
      });
    } catch (error) {
      throw error instanceof ApiError
        ? error
        : new ApiError('malformed_request', 'Expected a whole body, got one that breaks off or is wrongly framed.');
    }
    await next();
  };
}
