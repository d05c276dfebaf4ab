import type { OpenAPIHono } from '@hono/zod-openapi';
import { conceptSchema, conceptStatusSchema } from '../../../shared/concept.ts';
import type { EdgeContext } from '../../context.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { listObject, listQuerySchema, listSchema, readCursor } from '../list-query.ts';
import { objectUrls } from '../object-urls.ts';
import { operation } from '../operation.ts';
import { conceptObject } from './concept-object.ts';

const route = operation(
  { access: { by: 'token', scope: 'concepts:read' } },
  {
    method: 'get',
    path: '/v1/concepts',
    operationId: 'listConcepts',
    tags: ['Concepts'],
    summary: 'Concepts, newest first',
    request: { query: listQuerySchema(conceptStatusSchema) },
    responses: {
      200: { description: 'A page.', content: { 'application/json': { schema: listSchema(conceptSchema) } } },
    },
  },
);

export function listConcepts(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { limit, cursor, status } = c.req.valid('query');
    const { accountId, concepts } = c.get('principal');
    const before = cursor === undefined ? null : readCursor(cursor);
    const page = await accountOf(c.env, accountId).listConcepts({ limit, before, status: status ?? null }, concepts);
    const urls = objectUrls(c);
    return c.json(await listObject(page, (record) => conceptObject(record, urls)), 200);
  });
}
