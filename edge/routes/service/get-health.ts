import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { operation } from '../operation.ts';

const route = operation(
  { access: { by: 'anyone' }, errors: ['unavailable'] },
  {
    method: 'get',
    path: '/healthz',
    operationId: 'getHealth',
    tags: ['Service'],
    summary: 'Whether the edge answers and is configured',
    responses: {
      200: {
        description: 'It is.',
        content: { 'application/json': { schema: z.object({ status: z.literal('ok') }) } },
      },
    },
  },
);

export function getHealth(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, (c) => c.json({ status: 'ok' as const }, 200));
}
