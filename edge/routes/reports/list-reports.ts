import type { OpenAPIHono } from '@hono/zod-openapi';
import { abuseReportSchema, reportStatusSchema } from '../../../shared/abuse-report.ts';
import type { EdgeContext } from '../../context.ts';
import { reportsOf } from '../../durable-objects/stubs.ts';
import { listObject, listQuerySchema, listSchema, readCursor } from '../list-query.ts';
import { operation } from '../operation.ts';
import { reportObject } from './report-object.ts';

const route = operation(
  { access: { by: 'admin' } },
  {
    method: 'get',
    path: '/v1/reports',
    operationId: 'listReports',
    tags: ['Reports'],
    summary: 'What people reported about shares, newest first',
    request: { query: listQuerySchema(reportStatusSchema) },
    responses: {
      200: { description: 'A page.', content: { 'application/json': { schema: listSchema(abuseReportSchema) } } },
    },
  },
);

export function listReports(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { limit, cursor, status = null } = c.req.valid('query');
    const before = cursor === undefined ? null : readCursor(cursor);
    const page = await reportsOf(c.env).list({ limit, before, status });
    return c.json(await listObject(page, async (record) => reportObject(record)), 200);
  });
}
