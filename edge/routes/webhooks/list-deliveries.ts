import type { OpenAPIHono } from '@hono/zod-openapi';
import { deliverySchema } from '../../../shared/webhook.ts';
import type { EdgeContext } from '../../context.ts';
import { jobOf } from '../../durable-objects/stubs.ts';
import type { EdgeEnv } from '../../env.ts';
import { conceptParamsSchema } from '../concepts/get-concept.ts';
import { requireConcept } from '../concepts/read-concept.ts';
import { generationParamsSchema } from '../generations/get-generation.ts';
import { requireGeneration } from '../generations/read-generation.ts';
import { listSchema } from '../list-query.ts';
import { operation } from '../operation.ts';
import { deliveryObject } from './delivery-object.ts';

const responses = {
  200: {
    description: 'All of them, newest first; forgotten 30 days after their end.',
    content: { 'application/json': { schema: listSchema(deliverySchema) } },
  },
} as const;

const conceptRoute = operation(
  { access: { by: 'api_key' }, errors: ['not_found'] },
  {
    method: 'get',
    path: '/v1/concepts/{id}/deliveries',
    operationId: 'listConceptDeliveries',
    tags: ['Webhooks'],
    summary: 'Webhook deliveries of a concept, with every attempt',
    request: { params: conceptParamsSchema },
    responses,
  },
);

const generationRoute = operation(
  { access: { by: 'api_key' }, errors: ['not_found'] },
  {
    method: 'get',
    path: '/v1/generations/{id}/deliveries',
    operationId: 'listGenerationDeliveries',
    tags: ['Webhooks'],
    summary: 'Webhook deliveries of a generation, with every attempt',
    request: { params: generationParamsSchema },
    responses,
  },
);

/** A job has a handful of deliveries at most: one page. */
async function deliveryList(env: EdgeEnv, jobId: string) {
  const deliveries = await jobOf(env, jobId).deliveries();
  return {
    object: 'list' as const,
    data: deliveries.map(deliveryObject).toReversed(),
    has_more: false,
    next_cursor: null,
  };
}

export function listDeliveries(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(conceptRoute, async (c) => {
    const { id } = await requireConcept(c, c.req.valid('param').id);
    return c.json(await deliveryList(c.env, id), 200);
  });
  app.openapi(generationRoute, async (c) => {
    const { id } = await requireGeneration(c, c.req.valid('param').id);
    return c.json(await deliveryList(c.env, id), 200);
  });
}
