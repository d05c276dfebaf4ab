import type { OpenAPIHono } from '@hono/zod-openapi';
import { jobIdSchema } from '../../../shared/ids.ts';
import { SIGNATURE_HEADER, TIMESTAMP_HEADER, verifyRequest } from '../../../shared/signatures.ts';
import { workerEventSchema, workerEventsPath } from '../../../shared/worker-event.ts';
import type { EdgeContext } from '../../context.ts';
import { jobOf } from '../../durable-objects/stubs.ts';
import { ApiError, fromZodError } from '../../errors.ts';
import { wholeBody } from '../../middleware/whole-body.ts';

const MAX_EVENT_BYTES = 64 * 1024;

/**
 * Workers tell a Job what happened. Not part of the public API: signed with a secret that only our own processes
 * share.
 */
export function postJobEvent(app: OpenAPIHono<EdgeContext>): void {
  app.post(workerEventsPath(':id'), wholeBody(MAX_EVENT_BYTES), async (c) => {
    const body = await c.req.text();
    const verdict = await verifyRequest(
      { method: 'POST', path: c.req.path, body },
      { timestamp: c.req.header(TIMESTAMP_HEADER), signature: c.req.header(SIGNATURE_HEADER) },
      { secret: c.get('settings').WORKER_SIGNING_SECRET, nowMs: Date.now() },
    );
    if (verdict !== 'valid') {
      throw new ApiError(
        'signature_invalid',
        `Expected an event signed by a worker, got a signature that is ${verdict}.`,
      );
    }
    const id = jobIdSchema.safeParse(c.req.param('id'));
    const event = workerEventSchema.safeParse(parseJson(body));
    if (!id.success || !event.success) {
      throw fromZodError((id.error ?? event.error)!);
    }
    return c.json(await jobOf(c.env, id.data).report(event.data));
  });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new ApiError('malformed_request', 'Expected a JSON body, got something else.');
  }
}
