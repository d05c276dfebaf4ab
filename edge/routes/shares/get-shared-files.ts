import type { OpenAPIHono } from '@hono/zod-openapi';
import { CONCEPT_FILE_CONTENT_TYPE } from '../../../shared/concept-file.ts';
import type { EdgeContext } from '../../context.ts';
import { ApiError } from '../../errors.ts';
import { operation } from '../operation.ts';
import { storedFile } from '../stored-file.ts';
import { requireRight, requireShare } from './find-share.ts';
import { findSample } from './share-sample.ts';
import { sharedParamsSchema } from './shared-params.ts';

const binary = { schema: { type: 'string' as const, format: 'binary' } };

const sampleRoute = operation(
  { access: { by: 'share_url' } },
  {
    method: 'get',
    path: '/s/{token}/sample',
    operationId: 'getShareSample',
    tags: ['Shares'],
    summary: 'The picture that stands for the share: drawn with the concept, never its photo',
    request: { params: sharedParamsSchema },
    responses: { 200: { description: 'The picture.', content: { 'image/jpeg': binary } } },
  },
);

const embeddingRoute = operation(
  { access: { by: 'share_url' }, errors: ['right_missing'] },
  {
    method: 'get',
    path: '/s/{token}/embedding',
    operationId: 'getSharedEmbedding',
    tags: ['Shares'],
    summary: 'The concept as a file, when the share grants export',
    request: { params: sharedParamsSchema },
    responses: { 200: { description: 'The file.', content: { [CONCEPT_FILE_CONTENT_TYPE]: binary } } },
  },
);

export function getSharedFiles(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(sampleRoute, async (c) => {
    const image = await findSample(c.env, await requireShare(c, c.req.valid('param').token));
    if (!image) {
      throw new ApiError('not_found', 'The sample of this share is not drawn yet.');
    }
    return storedFile(c.env.BUCKET, image.key, { contentType: image.content_type });
  });

  app.openapi(embeddingRoute, async (c) => {
    const shared = await requireShare(c, c.req.valid('param').token);
    requireRight(shared, 'export');
    return storedFile(c.env.BUCKET, shared.concept.result.embeddingKey, {
      contentType: CONCEPT_FILE_CONTENT_TYPE,
      downloadAs: `${shared.terms.id}.safetensors`,
    });
  });
}
