import type { OpenAPIHono } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { operation } from '../operation.ts';
import { generationParamsSchema } from './get-generation.ts';
import { requireGeneration } from './read-generation.ts';

const route = operation(
  { access: { by: 'token', scope: 'generations:write' }, errors: ['not_found'] },
  {
    method: 'delete',
    path: '/v1/generations/{id}',
    operationId: 'deleteGeneration',
    tags: ['Generations'],
    summary: 'Delete a generation with its images',
    request: { params: generationParamsSchema },
    responses: { 204: { description: 'Gone.' } },
  },
);

export function deleteGeneration(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { id } = await requireGeneration(c, c.req.valid('param').id);
    await accountOf(c.env, c.get('principal').accountId).deleteGeneration(id);
    return c.body(null, 204);
  });
}
