import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { EdgeContext } from '../../context.ts';
import { streamJobEvents } from '../events/event-stream.ts';
import { operation } from '../operation.ts';
import { generationObject } from './generation-object.ts';
import { generationParamsSchema } from './get-generation.ts';
import { readGeneration, requireGeneration } from './read-generation.ts';

const route = operation(
  { access: { by: 'token', scope: 'generations:read' }, errors: ['not_found'] },
  {
    method: 'get',
    path: '/v1/generations/{id}/events',
    operationId: 'getGenerationEvents',
    tags: ['Generations'],
    summary: 'What happens to it, as server-sent events',
    description: '`Last-Event-ID` resumes without loss.',
    request: { params: generationParamsSchema },
    responses: {
      200: {
        description:
          '`queued`, `running`, `progress`, and one of `succeeded`, `failed`, `canceled`, `expired`, whose data has the object.',
        content: { 'text/event-stream': { schema: z.string() } },
      },
    },
  },
);

export function getGenerationEvents(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { id } = await requireGeneration(c, c.req.valid('param').id);
    return streamJobEvents(c, {
      jobId: id,
      nameOf: ({ type }) => type,
      ended: async () => {
        const record = await readGeneration(c, id, null);
        return record && generationObject(c, record);
      },
    });
  });
}
