import type { OpenAPIHono } from '@hono/zod-openapi';
import { CONCEPT_FILE_CONTENT_TYPE } from '../../../shared/concept-file.ts';
import type { EdgeContext } from '../../context.ts';
import { type ConceptRecord, mayExport } from '../../durable-objects/account/records.ts';
import { ApiError } from '../../errors.ts';
import { operation } from '../operation.ts';
import { storedFile } from '../stored-file.ts';
import { conceptParamsSchema } from './get-concept.ts';
import { requireConcept } from './read-concept.ts';

const FILES = {
  image: {
    operationId: 'getConceptImage',
    summary: 'The photo, upright and free of metadata',
    contentType: 'image/webp',
  },
  mask: { operationId: 'getConceptMask', summary: 'The mask: white is the object', contentType: 'image/png' },
  embedding: {
    operationId: 'getConceptEmbedding',
    summary: 'The concept as a safetensors file: words [N, d] and local [p·p, d]',
    contentType: CONCEPT_FILE_CONTENT_TYPE,
  },
} as const;

type FileName = keyof typeof FILES;

function keyOf({ result }: ConceptRecord, file: FileName): string | null {
  if (!result) {
    return null;
  }
  return { image: result.photoKey, mask: result.maskKey, embedding: result.embeddingKey }[file];
}

function fileRoute<F extends FileName>(file: F) {
  const { operationId, summary, contentType } = FILES[file];
  return operation(
    {
      access: { by: 'token_or_signed_url', scope: 'concepts:read' },
      errors: ['not_found', 'not_ready', 'right_missing'],
    },
    {
      method: 'get',
      path: `/v1/concepts/{id}/${file}`,
      operationId,
      tags: ['Concepts'],
      summary,
      request: { params: conceptParamsSchema },
      responses: {
        200: {
          description: 'The file.',
          content: { [contentType]: { schema: { type: 'string' as const, format: 'binary' } } },
        },
      },
    },
  );
}

export function getConceptFiles(app: OpenAPIHono<EdgeContext>): void {
  for (const file of Object.keys(FILES) as FileName[]) {
    app.openapi(fileRoute(file), async (c) => {
      const record = await requireConcept(c, c.req.valid('param').id);
      if (record.endedAtMs === null) {
        throw new ApiError('not_ready', `Expected a concept that is ready, got one that is ${record.status}.`);
      }
      if (file === 'embedding' && !mayExport(record)) {
        throw new ApiError('right_missing', 'A copy that came with the right copy has no file to download.');
      }
      const key = keyOf(record, file);
      if (!key) {
        throw new ApiError('not_found', `The concept has no ${file}.`);
      }
      const downloadAs = file === 'embedding' ? `${record.id}.safetensors` : undefined;
      return storedFile(c.env.BUCKET, key, { contentType: FILES[file].contentType, ...(downloadAs && { downloadAs }) });
    });
  }
}
