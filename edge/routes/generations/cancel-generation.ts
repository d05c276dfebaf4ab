import type { OpenAPIHono } from '@hono/zod-openapi';
import { generationSchema } from '../../../shared/generation.ts';
import type { EdgeContext } from '../../context.ts';
import { generationWithJob } from '../../durable-objects/account/records.ts';
import { jobOf } from '../../durable-objects/stubs.ts';
import { operation } from '../operation.ts';
import { generationObject } from './generation-object.ts';
import { generationParamsSchema } from './get-generation.ts';
import { requireGeneration } from './read-generation.ts';

const route = operation(
  { access: { by: 'token', scope: 'generations:write' }, errors: ['not_found'] },
  {
    method: 'post',
    path: '/v1/generations/{id}/cancel',
    operationId: 'cancelGeneration',
    tags: ['Generations'],
    summary: 'Stop; a generation that has ended stays as it is',
    request: { params: generationParamsSchema },
    responses: {
      200: { description: 'The generation.', content: { 'application/json': { schema: generationSchema } } },
    },
  },
);

export function cancelGeneration(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const record = await requireGeneration(c, c.req.valid('param').id);
    const view = record.endedAtMs === null ? await jobOf(c.env, record.id).cancel() : null;
    return c.json(await generationObject(c, view ? generationWithJob(record, view.state) : record), 200);
  });
}
