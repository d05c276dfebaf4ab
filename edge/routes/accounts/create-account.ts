import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { accountIdSchema, keyIdSchema, newId } from '../../../shared/ids.ts';
import type { EdgeContext } from '../../context.ts';
import { hashToken, newApiKey } from '../../credentials/api-key.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { isoTime } from '../object-urls.ts';
import { operation } from '../operation.ts';

const accountSchema = z
  .object({
    id: accountIdSchema,
    object: z.literal('account'),
    created_at: z.iso.datetime(),
    api_key: z.object({ id: keyIdSchema, secret: z.string().nullable().meta({ description: 'Shown this once.' }) }),
    webhook_secret: z.string().nullable(),
  })
  .openapi('Account');

const route = operation(
  { access: { by: 'admin' } },
  {
    method: 'post',
    path: '/v1/accounts',
    operationId: 'createAccount',
    tags: ['Accounts'],
    summary: 'Open an account, with its first API key',
    responses: { 201: { description: 'The account.', content: { 'application/json': { schema: accountSchema } } } },
  },
);

export function createAccount(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const nowMs = Date.now();
    const id = newId('account', nowMs);
    const { id: keyId, secret } = newApiKey(id, nowMs);
    const { webhookSecret } = await accountOf(c.env, id).open(id, {
      id: keyId,
      hash: await hashToken(secret),
      name: null,
    });
    return c.json(
      {
        id,
        object: 'account' as const,
        created_at: isoTime(nowMs),
        api_key: { id: keyId, secret },
        webhook_secret: webhookSecret,
      },
      201,
    );
  });
}
