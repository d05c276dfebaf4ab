import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import type { WebhookSecrets } from '../../webhooks/webhook-secrets.ts';
import { isoTime } from '../object-urls.ts';
import { operation } from '../operation.ts';

const webhookSecretSchema = z
  .object({
    secret: z.string().nullable().meta({ description: '`whsec_…`, as Standard Webhooks libraries take it.' }),
    previous_expires_at: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'Until then the secret before the last rotation signs too.' }),
  })
  .openapi('WebhookSecret');

const content = { 'application/json': { schema: webhookSecretSchema } };

const getRoute = operation(
  { access: { by: 'api_key' } },
  {
    method: 'get',
    path: '/v1/webhook-secret',
    operationId: 'getWebhookSecret',
    tags: ['Webhooks'],
    summary: 'The secret that signs the account’s webhooks',
    responses: { 200: { description: 'The secret.', content } },
  },
);

const rotateRoute = operation(
  { access: { by: 'api_key' }, creates: { secretFields: ['secret'] } },
  {
    method: 'post',
    path: '/v1/webhook-secret/rotate',
    operationId: 'rotateWebhookSecret',
    tags: ['Webhooks'],
    summary: 'Make a new secret; the old one signs beside it for 24 hours',
    responses: { 200: { description: 'The new secret.', content } },
  },
);

function secretObject({ current, previous }: WebhookSecrets, nowMs: number): z.infer<typeof webhookSecretSchema> {
  const isOverlapping = previous !== null && previous.expiresAtMs > nowMs;
  return { secret: current, previous_expires_at: isOverlapping ? isoTime(previous.expiresAtMs) : null };
}

export function webhookSecret(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(getRoute, async (c) => {
    const secrets = await accountOf(c.env, c.get('principal').accountId).webhookSecrets();
    return c.json(secretObject(secrets, Date.now()), 200);
  });
  app.openapi(rotateRoute, async (c) => {
    const secrets = await accountOf(c.env, c.get('principal').accountId).rotateWebhookSecret();
    return c.json(secretObject(secrets, Date.now()), 200);
  });
}
