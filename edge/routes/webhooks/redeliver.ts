import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { deliveryIdSchema } from '../../../shared/ids.ts';
import { deliverySchema } from '../../../shared/webhook.ts';
import type { EdgeContext } from '../../context.ts';
import { accountOf, jobOf } from '../../durable-objects/stubs.ts';
import { ApiError } from '../../errors.ts';
import { operation } from '../operation.ts';
import { deliveryObject } from './delivery-object.ts';

const route = operation(
  { access: { by: 'api_key' }, errors: ['not_found'] },
  {
    method: 'post',
    path: '/v1/deliveries/{id}/redeliver',
    operationId: 'redeliver',
    tags: ['Webhooks'],
    summary: 'Deliver once more, whatever came of it before',
    description: 'At once, then by the same schedule as the first time, under the same `webhook-id`.',
    request: { params: z.object({ id: deliveryIdSchema }) },
    responses: {
      202: { description: 'The delivery, pending.', content: { 'application/json': { schema: deliverySchema } } },
    },
  },
);

export function redeliver(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    const jobId = await accountOf(c.env, c.get('principal').accountId).jobOfDelivery(id);
    const delivery = jobId && (await jobOf(c.env, jobId).redeliver(id));
    if (!delivery) {
      throw new ApiError('not_found', `There is no delivery ${id}.`);
    }
    return c.json(deliveryObject(delivery), 202);
  });
}
