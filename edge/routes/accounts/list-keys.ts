import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
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
    responses: {
      200: {
        description: 'All of them.',
        content: { 'application/json': { schema: z.object({ object: z.literal('list'), data: z.array(keySchema) }) } },
      },
    },
  },
);

export function listKeys(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const keys = await accountOf(c.env, c.get('principal').accountId).listKeys();
    return c.json({ object: 'list' as const, data: keys.map(keyObject) }, 200);
  });
}
