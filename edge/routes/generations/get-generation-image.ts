import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { IMAGE_CONTENT_TYPES, MAX_IMAGES } from '../../../shared/generation.ts';
import type { EdgeContext } from '../../context.ts';
import { ApiError } from '../../errors.ts';
import { operation } from '../operation.ts';
import { storedFile } from '../stored-file.ts';
import { generationParamsSchema } from './get-generation.ts';
import { requireGeneration } from './read-generation.ts';

const binary = { schema: { type: 'string' as const, format: 'binary' } };

const route = operation(
  { access: { by: 'token_or_signed_url', scope: 'generations:read' }, errors: ['not_found', 'not_ready'] },
  {
    method: 'get',
    path: '/v1/generations/{id}/images/{n}',
    operationId: 'getGenerationImage',
    tags: ['Generations'],
    summary: 'One image, counted from 0',
    request: {
      params: generationParamsSchema.extend({
        n: z.coerce
          .number()
          .int()
          .min(0)
          .max(MAX_IMAGES - 1)
          .meta({ examples: [0] }),
      }),
    },
    responses: {
      200: {
        description: 'The image.',
        content: Object.fromEntries(Object.values(IMAGE_CONTENT_TYPES).map((contentType) => [contentType, binary])),
      },
    },
  },
);

export function getGenerationImage(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { id, n } = c.req.valid('param');
    const record = await requireGeneration(c, id);
    if (record.endedAtMs === null) {
      throw new ApiError('not_ready', `Expected a generation that has succeeded, got one that is ${record.status}.`);
    }
    const image = record.result?.images[n];
    if (!image) {
      throw new ApiError('not_found', `The generation has no image ${n}: it has ${record.result?.images.length ?? 0}.`);
    }
    return storedFile(c.env.BUCKET, image.key, { contentType: image.content_type });
  });
}
