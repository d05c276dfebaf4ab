import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { abuseReportSchema } from '../../../shared/abuse-report.ts';
import { abuseReportKey } from '../../../shared/object-keys.ts';
import type { EdgeContext } from '../../context.ts';
import { shareOf } from '../../durable-objects/stubs.ts';
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
      body: { required: true, content: { 'application/json': { schema: abuseReportSchema } } },
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
    const receivedAt = isoTime(Date.now());
    if (await shareOf(c.env, name).countReport()) {
      const { id: share, accountId: account, conceptId: concept } = terms;
      const report = { ...c.req.valid('json'), received_at: receivedAt, share, account, concept };
      await c.env.BUCKET.put(abuseReportKey(share, crypto.randomUUID()), JSON.stringify(report));
      console.warn(JSON.stringify({ level: 'warn', message: 'abuse reported', share, account, concept }));
    }
    return c.json({ object: 'abuse_report' as const, received_at: receivedAt }, 202);
  });
}
