import type { OpenAPIHono } from '@hono/zod-openapi';
import { shareIdSchema } from '../../../shared/ids.ts';
import { shareSchema } from '../../../shared/share.ts';
import type { EdgeContext } from '../../context.ts';
import { conceptParamsSchema } from '../concepts/get-concept.ts';
import { operation } from '../operation.ts';
import { requireOwnShare } from './read-share.ts';

export const shareParamsSchema = conceptParamsSchema.extend({ share: shareIdSchema });

const route = operation(
  { access: { by: 'token', scope: 'shares:write' }, errors: ['not_found'] },
  {
    method: 'get',
    path: '/v1/concepts/{id}/shares/{share}',
    operationId: 'getShare',
    tags: ['Shares'],
    summary: 'A share and how often it was used',
    request: { params: shareParamsSchema },
    responses: { 200: { description: 'The share.', content: { 'application/json': { schema: shareSchema } } } },
  },
);

export function getShare(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { id, share } = c.req.valid('param');
    return c.json(await requireOwnShare(c, id, share), 200);
  });
}
