import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { listObject, listQuerySchema, listSchema, readCursor } from '../list-query.ts';
import { operation } from '../operation.ts';
import { keyObject, keySchema } from './key-object.ts';

const route = operation(
  { access: { by: 'api_key' } },
  {
    method: 'get',
    path: '/v1/keys',
    operationId: 'listKeys',
    tags: ['Accounts'],
    summary: 'The account’s API keys, newest first, without their secrets',
    request: { query: listQuerySchema(z.never()).omit({ status: true }) },
    responses: {
      200: { description: 'A page.', content: { 'application/json': { schema: listSchema(keySchema) } } },
    },
  },
);

export function listKeys(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const before = cursor === undefined ? null : readCursor(cursor);
    const page = await accountOf(c.env, c.get('principal').accountId).listKeys({ limit, before });
    return c.json(await listObject(page, async (record) => keyObject(record)), 200);
  });
}
