import type { OpenAPIHono } from '@hono/zod-openapi';
import { generationSchema, generationStatusSchema } from '../../../shared/generation.ts';
import type { EdgeContext } from '../../context.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { listObject, listQuerySchema, listSchema, readCursor } from '../list-query.ts';
import { operation } from '../operation.ts';
import { generationObject } from './generation-object.ts';

const route = operation(
  { access: { by: 'token', scope: 'generations:read' } },
  {
    method: 'get',
    path: '/v1/generations',
    operationId: 'listGenerations',
    tags: ['Generations'],
    summary: 'Generations, newest first',
    request: { query: listQuerySchema(generationStatusSchema) },
    responses: {
      200: { description: 'A page.', content: { 'application/json': { schema: listSchema(generationSchema) } } },
    },
  },
);

export function listGenerations(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { limit, cursor, status } = c.req.valid('query');
    const { accountId, concepts } = c.get('principal');
    const before = cursor === undefined ? null : readCursor(cursor);
    const page = await accountOf(c.env, accountId).listGenerations({ limit, before, status: status ?? null }, concepts);
    return c.json(await listObject(page, (record) => generationObject(c, record)), 200);
  });
}
