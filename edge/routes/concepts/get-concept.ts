import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { conceptSchema } from '../../../shared/concept.ts';
import { conceptIdSchema } from '../../../shared/ids.ts';
import type { EdgeContext } from '../../context.ts';
import { objectUrls } from '../object-urls.ts';
import { operation } from '../operation.ts';
import { waitQuerySchema } from '../prefer-wait.ts';
import { whileHeld } from '../waiting.ts';
import { conceptObject } from './concept-object.ts';
import { requireConcept } from './read-concept.ts';

export const conceptParamsSchema = z.object({ id: conceptIdSchema });

const route = operation(
  { access: { by: 'token', scope: 'concepts:read' }, errors: ['not_found'] },
  {
    method: 'get',
    path: '/v1/concepts/{id}',
    operationId: 'getConcept',
    tags: ['Concepts'],
    summary: 'A concept, now or when it has changed or ended',
    request: { params: conceptParamsSchema, query: waitQuerySchema },
    responses: { 200: { description: 'The concept.', content: { 'application/json': { schema: conceptSchema } } } },
  },
);

export function getConcept(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { wait: seconds = null, until } = c.req.valid('query');
    const { id } = c.req.valid('param');
    const record = await whileHeld(c, { seconds, until }, (waiting) => requireConcept(c, id, waiting));
    return c.json(await conceptObject(record, objectUrls(c)), 200);
  });
}
