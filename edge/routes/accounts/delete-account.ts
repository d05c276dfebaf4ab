import type { OpenAPIHono } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { operation } from '../operation.ts';

const route = operation(
  { access: { by: 'api_key' } },
  {
    method: 'delete',
    path: '/v1/account',
    operationId: 'deleteAccount',
    tags: ['Accounts'],
    summary: 'Delete the account with everything it has: keys, concepts, shares, generations, files, counts',
    responses: { 204: { description: 'Closed at once; within two hours nothing is left.' } },
  },
);

export function deleteAccount(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    await accountOf(c.env, c.get('principal').accountId).close();
    return c.body(null, 204);
  });
}
