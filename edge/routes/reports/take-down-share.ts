import type { OpenAPIHono } from '@hono/zod-openapi';
import { abuseReportSchema } from '../../../shared/abuse-report.ts';
import type { EdgeContext } from '../../context.ts';
import { accountOf, reportsOf, shareOf } from '../../durable-objects/stubs.ts';
import { ApiError } from '../../errors.ts';
import { operation } from '../operation.ts';
import { reportParamsSchema } from './dismiss-report.ts';
import { reportObject } from './report-object.ts';

const route = operation(
  { access: { by: 'admin' }, errors: ['not_found'] },
  {
    method: 'post',
    path: '/v1/reports/{id}/take-down',
    operationId: 'takeDownShare',
    tags: ['Reports'],
    summary: 'Take the reported share down: dead at once, also for generations that wait in the queue',
    description: 'Its URL answers 410 `taken_down` from then on, and every report of it is closed.',
    request: { params: reportParamsSchema },
    responses: {
      200: { description: 'The report.', content: { 'application/json': { schema: abuseReportSchema } } },
    },
  },
);

export function takeDownShare(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    const reports = reportsOf(c.env);
    const report = await reports.get(id);
    if (!report) {
      throw new ApiError('not_found', `There is no report ${id}.`);
    }
    // The share first: should the rest fail, the report is still open, and taking down again does no harm.
    await shareOf(c.env, report.share.name).takeDown();
    await accountOf(c.env, report.accountId).forgetShare(report.share.id);
    return c.json(reportObject((await reports.takenDown(report)) ?? report), 200);
  });
}
