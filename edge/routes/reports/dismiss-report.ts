import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { abuseReportSchema } from '../../../shared/abuse-report.ts';
import { reportIdSchema } from '../../../shared/ids.ts';
import type { EdgeContext } from '../../context.ts';
import { reportsOf } from '../../durable-objects/stubs.ts';
import { ApiError } from '../../errors.ts';
import { operation } from '../operation.ts';
import { reportObject } from './report-object.ts';

export const reportParamsSchema = z.object({ id: reportIdSchema });

const route = operation(
  { access: { by: 'admin' }, errors: ['not_found'] },
  {
    method: 'post',
    path: '/v1/reports/{id}/dismiss',
    operationId: 'dismissReport',
    tags: ['Reports'],
    summary: 'Close a report and leave the share as it is; one that was closed stays as it was',
    request: { params: reportParamsSchema },
    responses: {
      200: { description: 'The report.', content: { 'application/json': { schema: abuseReportSchema } } },
    },
  },
);

export function dismissReport(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    const report = await reportsOf(c.env).dismiss(id);
    if (!report) {
      throw new ApiError('not_found', `There is no report ${id}.`);
    }
    return c.json(reportObject(report), 200);
  });
}
