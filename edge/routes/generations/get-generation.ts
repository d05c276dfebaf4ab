import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { generationSchema } from '../../../shared/generation.ts';
import { generationIdSchema } from '../../../shared/ids.ts';
import type { EdgeContext } from '../../context.ts';
import { operation } from '../operation.ts';
import { waitQuerySchema } from '../prefer-wait.ts';
import { whileHeld } from '../waiting.ts';
import { generationObject } from './generation-object.ts';
import { requireGeneration } from './read-generation.ts';

export const generationParamsSchema = z.object({ id: generationIdSchema });

const route = operation(
  { access: { by: 'token', scope: 'generations:read' }, errors: ['not_found'] },
  {
    method: 'get',
    path: '/v1/generations/{id}',
    operationId: 'getGeneration',
    tags: ['Generations'],
    summary: 'A generation, now or when it has changed or ended',
    request: { params: generationParamsSchema, query: waitQuerySchema },
    responses: {
      200: { description: 'The generation.', content: { 'application/json': { schema: generationSchema } } },
    },
  },
);

export function getGeneration(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { wait: seconds = null, until } = c.req.valid('query');
    const { id } = c.req.valid('param');
    const record = await whileHeld(c, { seconds, until }, (waiting) => requireGeneration(c, id, waiting));
    return c.json(await generationObject(c, record), 200);
  });
}
