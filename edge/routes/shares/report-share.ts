import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { abuseReportRequestSchema } from '../../../shared/abuse-report.ts';
import { newId } from '../../../shared/ids.ts';
import type { EdgeContext } from '../../context.ts';
import { reportsOf, shareOf } from '../../durable-objects/stubs.ts';
import { isoTime } from '../object-urls.ts';
import { operation } from '../operation.ts';
import { requireShare } from './find-share.ts';
import { sharedParamsSchema } from './shared-params.ts';

const MAX_REPORT_BYTES = 16 * 1024;

const route = operation(
  { access: { by: 'share_url' }, maxBodyBytes: MAX_REPORT_BYTES },
  {
    method: 'post',
    path: '/s/{token}/reports',
    operationId: 'reportShare',
    tags: ['Shares'],
    summary: 'Report abuse; the operator reads it',
    request: {
      params: sharedParamsSchema,
      body: { required: true, content: { 'application/json': { schema: abuseReportRequestSchema } } },
    },
    responses: {
      202: {
        description: 'It was received.',
        content: {
          'application/json': {
            schema: z.object({ object: z.literal('abuse_report'), received_at: z.iso.datetime() }),
          },
        },
      },
    },
  },
);

export function reportShare(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { name, terms } = await requireShare(c, c.req.valid('param').token);
    const nowMs = Date.now();
    if (await shareOf(c.env, name).countReport()) {
      const { id: shareId, accountId, conceptId } = terms;
      const { reason, details, contact = null } = c.req.valid('json');
      await reportsOf(c.env).add({
        id: newId('report', nowMs),
        status: 'open',
        share: { name, id: shareId },
        accountId,
        conceptId,
        reason,
        details,
        contact,
        receivedAtMs: nowMs,
        resolvedAtMs: null,
      });
      console.warn(JSON.stringify({ level: 'warn', message: 'abuse reported', share: shareId, account: accountId }));
    }
    return c.json({ object: 'abuse_report' as const, received_at: isoTime(nowMs) }, 202);
  });
}
