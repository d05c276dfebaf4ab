import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
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
import { accountOf, shareOf } from '../../durable-objects/stubs.ts';
import { invalidField } from '../../errors.ts';
import { deadKey } from '../../middleware/authenticate.ts';
import { idempotencyKeyOf } from '../../middleware/idempotency.ts';
import { mediaTypeOf } from '../../middleware/media-type.ts';
import { requireCurrentModel } from '../../storage/current-model.ts';
import { objectUrls } from '../object-urls.ts';
import { operation } from '../operation.ts';
import { conceptObject } from './concept-object.ts';
import { recoverConcept, requireAllConcepts } from './read-concept.ts';
import { sharedSource } from './shared-source.ts';

const shareUrlSchema = z.strictObject({
  share_url: z.string().max(2048).meta({ description: 'Of a share that grants `copy` or `export`.' }),
});

const fileSchema = z.instanceof(ArrayBuffer).openapi({ type: 'string', format: 'binary' });

const route = operation(
  {
    access: { by: 'token', scope: 'concepts:write' },
    errors: ['not_found', 'gone', 'taken_down', 'right_missing', 'model_mismatch', 'model_unavailable'],
    maxBodyBytes: MAX_CONCEPT_FILE_BYTES,
    creates: { recover: recoverConcept },
  },
  {
    method: 'post',
    path: '/v1/concepts/import',
    operationId: 'importConcept',
    tags: ['Concepts'],
    summary: 'Make a ready concept of an embedding file, or copy a shared one',
    request: {
      body: {
        content: {
          [CONCEPT_FILE_CONTENT_TYPE]: { schema: fileSchema },
          'application/json': { schema: shareUrlSchema },
        },
      },
    },
    responses: {
      201: { description: 'The concept, ready.', content: { 'application/json': { schema: conceptSchema } } },
    },
  },
);

/** What an import is made of. */
export type ImportSource = Pick<ConceptRecord, 'name' | 'category' | 'maskSource' | 'copiedFrom'> & {
  readonly file: Uint8Array;
  /** Name of the share it came by, where a use is reserved. */
  readonly share: string | null;
};

export function importConcept(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    requireAllConcepts(c);
    const nowMs = Date.now();
    const model = await requireCurrentModel(c.env.BUCKET, nowMs);
    const id = newId('concept', nowMs);
    const body = mediaTypeOf(c.req) === CONCEPT_FILE_CONTENT_TYPE ? await c.req.arrayBuffer() : c.req.valid('json');
    const source =
      body instanceof ArrayBuffer
        ? fileSource(new Uint8Array(body), model)
        : await sharedSource(c, body.share_url, { id, model });
    const record = await storeImport(c, source, { id, model, nowMs });
    c.header('Location', `/v1/concepts/${id}`);
    return c.json(await conceptObject(record, objectUrls(c)), 201);
  });
}

/** What is stored is what was sent, so all of it is checked. */
function fileSource(file: Uint8Array, model: ModelDescription): ImportSource {
  try {
    checkConceptFileModel(readConceptFile(file), model);
  } catch (error) {
    if (error instanceof ConceptFileError) {
      throw invalidField('#', error.message);
    }
    throw error;
  }
  return { file, name: null, category: null, maskSource: 'none', copiedFrom: null, share: null };
}

async function storeImport(
  c: Context<EdgeContext>,
  { file, share, ...source }: ImportSource,
  { id, model, nowMs }: { id: string; model: ModelDescription; nowMs: number },
): Promise<ConceptRecord> {
  const { accountId, endUser } = c.get('principal');
  const key = embeddingKey(accountId, id, newAttemptId(nowMs));
  const record: ConceptRecord = {
    ...source,
    id,
    endUser,
    status: 'ready',
    metadata: {},
    model: model.fingerprint,
    createdAtMs: nowMs,
    expiresAtMs: null,
    startedAtMs: nowMs,
    endedAtMs: nowMs,
    result: { embeddingKey: key, photoKey: null, maskKey: null, encodeMs: null },
    error: null,
  };
  try {
    await c.env.BUCKET.put(key, file);
    const origin = { share, idempotencyKey: idempotencyKeyOf(c) };
    if (!(await accountOf(c.env, accountId).importConcept(record, origin))) {
      await c.env.BUCKET.delete(key);
      throw deadKey();
    }
  } catch (error) {
    if (share !== null) {
      await shareOf(c.env, share).giveBack(id);
    }
    throw error;
  }
  return record;
}
