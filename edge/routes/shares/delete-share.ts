import type { OpenAPIHono } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { ApiError } from '../../errors.ts';
import { requireConcept } from '../concepts/read-concept.ts';
import { operation } from '../operation.ts';
import { shareParamsSchema } from './get-share.ts';

const route = operation(
  { access: { by: 'token', scope: 'shares:write' }, errors: ['not_found'] },
  {
    method: 'delete',
    path: '/v1/concepts/{id}/shares/{share}',
    operationId: 'deleteShare',
    tags: ['Shares'],
    summary: 'Revoke a share: dead at once, also for generations that wait in the queue',
    request: { params: shareParamsSchema },
    responses: { 204: { description: 'It is revoked.' } },
  },
);

export function deleteShare(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { id, share } = c.req.valid('param');
    await requireConcept(c, id);
    if (!(await accountOf(c.env, c.get('principal').accountId).revokeShare(id, share))) {
      throw new ApiError('not_found', `The concept has no share ${share}.`);
    }
    return c.body(null, 204);
  });
}
