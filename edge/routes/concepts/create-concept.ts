import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { conceptSchema } from '../../../shared/concept.ts';
import { newId } from '../../../shared/ids.ts';
import type { ModelDescription } from '../../../shared/model-description.ts';
import { uploadedMaskKey, uploadedPhotoKey, uploadPrefix } from '../../../shared/object-keys.ts';
import { QUEUE_MESSAGE_VERSION } from '../../../shared/queue-message.ts';
import type { EdgeContext } from '../../context.ts';
import type { ConceptRecord } from '../../durable-objects/account/records.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { ApiError, invalidField } from '../../errors.ts';
import { checkImageHeader } from '../../images/image-header.ts';
import { deletePrefix } from '../../storage/bucket.ts';
import { requireCurrentModel } from '../../storage/current-model.ts';
import { DEFAULT_START_WITHIN_MS, deadlineOf } from '../job-times.ts';
import { isoTime, objectUrls } from '../object-urls.ts';
import { operation } from '../operation.ts';
import { preferHeaderSchema, preferredWaitSeconds } from '../prefer-wait.ts';
import { conceptObject } from './concept-object.ts';
import {
  type ConceptRequest,
  conceptFormSchema,
  conceptJsonSchema,
  MAX_MULTIPART_BYTES,
  readConceptRequest,
} from './concept-request.ts';
import { readConcept } from './read-concept.ts';

const route = operation(
  {
    access: { by: 'token', scope: 'concepts:write' },
    errors: ['image_corrupt', 'image_too_large', 'model_unavailable'],
    maxBodyBytes: MAX_MULTIPART_BYTES,
  },
  {
    method: 'post',
    path: '/v1/concepts',
    operationId: 'createConcept',
    tags: ['Concepts'],
    summary: 'Encode a photo into a concept',
    request: {
      headers: preferHeaderSchema,
      body: {
        content: {
          'application/json': { schema: conceptJsonSchema },
          'multipart/form-data': { schema: conceptFormSchema },
        },
      },
    },
    responses: {
      200: {
        description: 'The same photo, mask and model were encoded before: the concept as it is.',
        content: { 'application/json': { schema: conceptSchema } },
      },
      201: {
        description: 'Encoded while the answer was held.',
        content: { 'application/json': { schema: conceptSchema } },
      },
      202: { description: 'Accepted; it will end.', content: { 'application/json': { schema: conceptSchema } } },
    },
  },
);

/** What makes two uploads of one account the same concept. */
async function contentHash({ image, mask }: ConceptRequest, model: ModelDescription): Promise<string> {
  const digests = await Promise.all(
    [image, mask ?? new Uint8Array()].map((bytes) => crypto.subtle.digest('SHA-256', bytes)),
  );
  return [...digests.map((digest) => new Uint8Array(digest).toHex()), mask ? 'mask' : 'none', model.fingerprint].join(
    ' ',
  );
}

export function createConcept(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    if (c.get('principal').concepts) {
      throw new ApiError('insufficient_scope', 'Expected a token for all concepts: one for some can make no others.');
    }
    const contentType = c.req.header('Content-Type');
    if (!contentType) {
      throw invalidField('#/image', 'is required, in a body of multipart/form-data or application/json');
    }
    const request = await readConceptRequest(/json/i.test(contentType) ? c.req.valid('json') : c.req.valid('form'));
    const waitSeconds = preferredWaitSeconds(c.req.valid('header').prefer);
    const { record, created } = await storeConcept(c, request);
    c.header('Location', `/v1/concepts/${record.id}`);
    if (waitSeconds !== null) {
      c.header('Preference-Applied', `wait=${waitSeconds}`);
    }
    const current =
      (await readConcept(c, record.id, waitSeconds === null ? null : { waitMs: 1000 * waitSeconds, until: 'end' })) ??
      record;
    const body = await conceptObject(current, objectUrls(c));
    return created ? c.json(body, current.endedAtMs === null ? 202 : 201) : c.json(body, 200);
  });
}

async function storeConcept(
  c: Context<EdgeContext>,
  request: ConceptRequest,
): Promise<{ record: ConceptRecord; created: boolean }> {
  const { accountId, endUser } = c.get('principal');
  const nowMs = Date.now();
  const photoType = checkImageHeader(request.image, 'image');
  const maskType = request.mask && checkImageHeader(request.mask, 'mask');
  const model = await requireCurrentModel(c.env.BUCKET, nowMs);
  const hash = await contentHash(request, model);
  const account = accountOf(c.env, accountId);
  const existing = await account.findConcept(hash);
  if (existing) {
    return { record: existing, created: false };
  }

  const id = newId('concept', nowMs);
  const photoKey = uploadedPhotoKey(accountId, id);
  const maskKey = request.mask && uploadedMaskKey(accountId, id);
  await c.env.BUCKET.put(photoKey, request.image, { httpMetadata: { contentType: photoType } });
  if (request.mask && maskKey && maskType) {
    await c.env.BUCKET.put(maskKey, request.mask, { httpMetadata: { contentType: maskType } });
  }
  const maskSource = request.mask ? 'upload' : 'none';
  const stored = await account.createConcept(
    {
      id,
      endUser,
      status: 'queued',
      name: request.name,
      category: request.category,
      metadata: request.metadata,
      model: model.fingerprint,
      maskSource,
      createdAtMs: nowMs,
      startedAtMs: null,
      endedAtMs: null,
      result: null,
      error: null,
    },
    hash,
    {
      startWithinMs: DEFAULT_START_WITHIN_MS,
      message: {
        version: QUEUE_MESSAGE_VERSION,
        kind: 'encode',
        job_id: id,
        account_id: accountId,
        model: model.fingerprint,
        deadline: isoTime(deadlineOf(nowMs, DEFAULT_START_WITHIN_MS)),
        traceparent: c.req.header('traceparent') ?? null,
        input: { photo_key: photoKey, mask_key: maskKey, mask_source: maskSource },
      },
    },
  );
  if (!stored.created) {
    await deletePrefix(c.env.BUCKET, uploadPrefix(accountId, id)); // another request with the same photo was faster
  }
  return stored;
}
