import type { OpenAPIHono } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { operation } from '../operation.ts';
import { conceptParamsSchema } from './get-concept.ts';
import { requireConcept } from './read-concept.ts';

const route = operation(
  { access: { by: 'token', scope: 'concepts:write' }, errors: ['not_found'] },
  {
    method: 'delete',
    path: '/v1/concepts/{id}',
    operationId: 'deleteConcept',
    tags: ['Concepts'],
    summary: 'Delete a concept with its files and shares',
    request: { params: conceptParamsSchema },
    responses: { 204: { description: 'Gone.' } },
  },
);

export function deleteConcept(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { id } = await requireConcept(c, c.req.valid('param').id);
    await accountOf(c.env, c.get('principal').accountId).deleteConcept(id);
    return c.body(null, 204);
  });
}
