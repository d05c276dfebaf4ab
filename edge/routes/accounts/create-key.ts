import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { hashToken, newApiKey } from '../../credentials/api-key.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { deadKey } from '../../middleware/authenticate.ts';
import { operation } from '../operation.ts';
import { keyObject, keySchema } from './key-object.ts';

const route = operation(
  { access: { by: 'api_key' }, creates: { secretFields: ['secret'] } },
  {
    method: 'post',
    path: '/v1/keys',
    operationId: 'createKey',
    tags: ['Accounts'],
    summary: 'Make another API key',
    request: {
      body: {
        required: true,
        content: { 'application/json': { schema: z.strictObject({ name: z.string().min(1).max(200).nullish() }) } },
      },
    },
    responses: {
      201: {
        description: 'The key; its secret is shown this once.',
        content: { 'application/json': { schema: keySchema.extend({ secret: z.string().nullable() }) } },
      },
    },
  },
);

export function createKey(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { accountId } = c.get('principal');
    const { id, secret } = newApiKey(accountId, Date.now());
    const name = c.req.valid('json').name ?? null;
    const record = await accountOf(c.env, accountId).createKey({ id, hash: await hashToken(secret), name });
    if (!record) {
      throw deadKey();
    }
    return c.json({ ...keyObject(record), secret }, 201);
  });
}
