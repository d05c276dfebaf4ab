import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { keyIdSchema } from '../../../shared/ids.ts';
import type { EdgeContext } from '../../context.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { ApiError } from '../../errors.ts';
import { operation } from '../operation.ts';

const route = operation(
  { access: { by: 'api_key' }, errors: ['not_found'] },
  {
    method: 'delete',
    path: '/v1/keys/{id}',
    operationId: 'deleteKey',
    tags: ['Accounts'],
    summary: 'Kill an API key, and every client token it made',
    request: { params: z.object({ id: keyIdSchema }) },
    responses: { 204: { description: 'Dead.' } },
  },
);

export function deleteKey(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    if (!(await accountOf(c.env, c.get('principal').accountId).deleteKey(id))) {
      throw new ApiError('not_found', `There is no key ${id}.`);
    }
    return c.body(null, 204);
  });
}
