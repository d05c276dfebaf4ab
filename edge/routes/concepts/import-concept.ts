import type { OpenAPIHono } from '@hono/zod-openapi';
import { conceptSchema } from '../../../shared/concept.ts';
import {
  CONCEPT_FILE_CONTENT_TYPE,
  ConceptFileError,
  checkConceptFileModel,
  MAX_CONCEPT_FILE_BYTES,
  readConceptFile,
} from '../../../shared/concept-file.ts';
import { newAttemptId, newId } from '../../../shared/ids.ts';
import type { ModelDescription } from '../../../shared/model-description.ts';
import { embeddingKey } from '../../../shared/object-keys.ts';
import type { EdgeContext } from '../../context.ts';
import type { ConceptRecord } from '../../durable-objects/account/records.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { ApiError } from '../../errors.ts';
import { idempotencyKeyOf } from '../../middleware/idempotency.ts';
import { requireCurrentModel } from '../../storage/current-model.ts';
import { objectUrls } from '../object-urls.ts';
import { operation } from '../operation.ts';
import { conceptObject } from './concept-object.ts';
import { recoverConcept, requireAllConcepts } from './read-concept.ts';

const route = operation(
  {
    access: { by: 'token', scope: 'concepts:write' },
    errors: ['model_unavailable'],
    maxBodyBytes: MAX_CONCEPT_FILE_BYTES,
    creates: { recover: recoverConcept },
  },
  {
    method: 'post',
    path: '/v1/concepts/import',
    operationId: 'importConcept',
    tags: ['Concepts'],
    summary: 'Make a ready concept of an embedding file',
    request: {
      body: {
        required: true,
        content: { [CONCEPT_FILE_CONTENT_TYPE]: { schema: { type: 'string' as const, format: 'binary' } } },
      },
    },
    responses: {
      201: { description: 'The concept, ready.', content: { 'application/json': { schema: conceptSchema } } },
    },
  },
);

export function importConcept(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    requireAllConcepts(c);
    if (!/^application\/octet-stream\b/i.test(c.req.header('Content-Type') ?? '')) {
      throw new ApiError('unsupported_media_type', `Expected a body of ${CONCEPT_FILE_CONTENT_TYPE}.`);
    }
    const { accountId, endUser } = c.get('principal');
    const nowMs = Date.now();
    const model = await requireCurrentModel(c.env.BUCKET, nowMs);
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    checkFile(bytes, model);

    const id = newId('concept', nowMs);
    const key = embeddingKey(accountId, id, newAttemptId(nowMs));
    await c.env.BUCKET.put(key, bytes);
    const record: ConceptRecord = {
      id,
      endUser,
      status: 'ready',
      name: null,
      category: null,
      metadata: {},
      model: model.fingerprint,
      maskSource: 'none',
      createdAtMs: nowMs,
      startedAtMs: nowMs,
      endedAtMs: nowMs,
      result: { embeddingKey: key, photoKey: null, maskKey: null, encodeMs: null },
      error: null,
    };
    await accountOf(c.env, accountId).importConcept(record, idempotencyKeyOf(c));
    c.header('Location', `/v1/concepts/${id}`);
    return c.json(await conceptObject(record, objectUrls(c)), 201);
  });
}

/** What is stored is what was sent, so all of it is checked. */
function checkFile(bytes: Uint8Array, model: ModelDescription): void {
  try {
    checkConceptFileModel(readConceptFile(bytes), model);
  } catch (error) {
    if (error instanceof ConceptFileError) {
      throw new ApiError('validation_failed', error.message, { errors: [{ pointer: '#', message: error.message }] });
    }
    throw error;
  }
}
