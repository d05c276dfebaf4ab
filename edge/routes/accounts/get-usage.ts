import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { periodOf } from '../../durable-objects/account/usage-table.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { operation } from '../operation.ts';
import { usageObject, usageSchema } from './usage-object.ts';

const route = operation(
  { access: { by: 'api_key' } },
  {
    method: 'get',
    path: '/v1/usage',
    operationId: 'getUsage',
    tags: ['Accounts'],
    summary: 'What succeeded in a month (UTC), in all and by end user',
    request: {
      query: z.object({
        period: z
          .string()
          .regex(/^\d{4}-(?:0[1-9]|1[0-2])$/, 'must be YYYY-MM')
          .optional()
          .meta({ description: 'The current month if left out.', example: '2026-11' }),
      }),
    },
    responses: { 200: { description: 'The counts.', content: { 'application/json': { schema: usageSchema } } } },
  },
);

export function getUsage(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const period = c.req.valid('query').period ?? periodOf(Date.now());
    const rows = await accountOf(c.env, c.get('principal').accountId).usage(period);
    return c.json(usageObject(period, rows), 200);
  });
}
