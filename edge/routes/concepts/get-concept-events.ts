import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { streamJobEvents } from '../events/event-stream.ts';
import { objectUrls } from '../object-urls.ts';
import { operation } from '../operation.ts';
import { conceptObject } from './concept-object.ts';
import { conceptParamsSchema } from './get-concept.ts';
import { readConcept, requireConcept } from './read-concept.ts';

const route = operation(
  { access: { by: 'token', scope: 'concepts:read' }, errors: ['not_found'] },
  {
    method: 'get',
    path: '/v1/concepts/{id}/events',
    operationId: 'getConceptEvents',
    tags: ['Concepts'],
    summary: 'What happens to it, as server-sent events',
    description: '`Last-Event-ID` resumes without loss.',
    request: { params: conceptParamsSchema },
    responses: {
      200: {
        description:
          '`queued`, `running`, `progress`, and `ready` or `failed`, whose data has the object. None for an imported concept.',
        content: { 'text/event-stream': { schema: z.string() } },
      },
    },
  },
);

export function getConceptEvents(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { id } = await requireConcept(c, c.req.valid('param').id);
    return streamJobEvents(c, {
      jobId: id,
      nameOf: ({ type }) => (type === 'succeeded' ? 'ready' : type),
      ended: async () => {
        const record = await readConcept(c, id, null);
        return record && conceptObject(record, objectUrls(c));
      },
    });
  });
}
