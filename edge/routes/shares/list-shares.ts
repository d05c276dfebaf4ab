import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { shareSchema } from '../../../shared/share.ts';
import type { EdgeContext } from '../../context.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { conceptParamsSchema } from '../concepts/get-concept.ts';
import { requireConcept } from '../concepts/read-concept.ts';
import { listObject, listQuerySchema, listSchema, readCursor } from '../list-query.ts';
import { operation } from '../operation.ts';
import { countedShareObject } from './share-object.ts';

const route = operation(
  { access: { by: 'token', scope: 'shares:write' }, errors: ['not_found'] },
  {
    method: 'get',
    path: '/v1/concepts/{id}/shares',
    operationId: 'listShares',
    tags: ['Shares'],
    summary: 'Shares of a concept, newest first, without their URLs',
    request: { params: conceptParamsSchema, query: listQuerySchema(z.never()).omit({ status: true }) },
    responses: {
      200: { description: 'A page.', content: { 'application/json': { schema: listSchema(shareSchema) } } },
    },
  },
);

export function listShares(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { limit, cursor } = c.req.valid('query');
    const concept = await requireConcept(c, c.req.valid('param').id);
    const before = cursor === undefined ? null : readCursor(cursor);
    const page = await accountOf(c.env, c.get('principal').accountId).listShares(concept.id, { limit, before });
    return c.json(await listObject(page, (record) => countedShareObject(c.env, record)), 200);
  });
}
