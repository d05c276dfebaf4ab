import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { modelDescriptionSchema } from '../../../shared/model-description.ts';
import type { EdgeContext } from '../../context.ts';
import { readCurrentModel } from '../../storage/current-model.ts';
import { operation } from '../operation.ts';

const route = operation(
  { access: { by: 'anyone' } },
  {
    method: 'get',
    path: '/v1/models',
    operationId: 'listModels',
    tags: ['Service'],
    summary: 'The model in service: what it can do, its defaults, its licence',
    responses: {
      200: {
        description: 'One model, or none before a worker has announced its own.',
        content: {
          'application/json': {
            schema: z.object({ object: z.literal('list'), data: z.array(modelDescriptionSchema) }),
          },
        },
      },
    },
  },
);

export function listModels(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const model = await readCurrentModel(c.env.BUCKET, Date.now());
    return c.json({ object: 'list' as const, data: model ? [model] : [] }, 200);
  });
}
