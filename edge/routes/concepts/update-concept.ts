import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { conceptSchema } from '../../../shared/concept.ts';
import type { EdgeContext } from '../../context.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { objectUrls } from '../object-urls.ts';
import { operation } from '../operation.ts';
import { conceptObject } from './concept-object.ts';
import { conceptFields } from './concept-request.ts';
import { conceptParamsSchema } from './get-concept.ts';
import { requireConcept } from './read-concept.ts';

const route = operation(
  { access: { by: 'token', scope: 'concepts:write' }, errors: ['not_found'] },
  {
    method: 'patch',
    path: '/v1/concepts/{id}',
    operationId: 'updateConcept',
    tags: ['Concepts'],
    summary: 'Change name, category or metadata; what is left out stays',
    request: {
      params: conceptParamsSchema,
      body: { required: true, content: { 'application/json': { schema: z.strictObject(conceptFields) } } },
    },
    responses: { 200: { description: 'The concept.', content: { 'application/json': { schema: conceptSchema } } } },
  },
);

export function updateConcept(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    await requireConcept(c, id);
    await accountOf(c.env, c.get('principal').accountId).updateConcept(id, c.req.valid('json'));
    return c.json(await conceptObject(await requireConcept(c, id), objectUrls(c)), 200);
  });
}
