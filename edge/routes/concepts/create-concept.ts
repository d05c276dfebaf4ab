import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { conceptSchema, type MaskSource } from '../../../shared/concept.ts';
import { newId } from '../../../shared/ids.ts';
import type { ModelDescription } from '../../../shared/model-description.ts';
import { uploadedMaskKey, uploadedPhotoKey, uploadPrefix } from '../../../shared/object-keys.ts';
import { QUEUE_MESSAGE_VERSION } from '../../../shared/queue-message.ts';
import type { EdgeContext } from '../../context.ts';
import type { ConceptRecord } from '../../durable-objects/account/records.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { invalidField } from '../../errors.ts';
import { deadKey } from '../../middleware/authenticate.ts';
import { idempotencyKeyOf } from '../../middleware/idempotency.ts';
import { mediaTypeOf } from '../../middleware/media-type.ts';
import { deletePrefix } from '../../storage/bucket.ts';
import { requireCurrentModel } from '../../storage/current-model.ts';
import { DEFAULT_START_WITHIN_MS, deadlineOf } from '../job-times.ts';
import { isoTime, objectUrls } from '../object-urls.ts';
import { operation } from '../operation.ts';
import { preferHeaderSchema, preferredWaitSeconds } from '../prefer-wait.ts';
import { traceparentOf } from '../traceparent.ts';
import { refuseInvalidBody } from '../validation/refuse-invalid.ts';
import { whileHeld } from '../waiting.ts';
import { type ConceptPictures, checkConceptBody, checkConceptParts, type Picture } from './check-concept.ts';
import { conceptObject } from './concept-object.ts';
import { type ConceptRequest, conceptFormSchema, conceptJsonSchema, MAX_MULTIPART_BYTES } from './concept-request.ts';
import { readConcept, recoverConcept, requireAllConcepts } from './read-concept.ts';

const route = operation(
  {
    access: { by: 'token', scope: 'concepts:write' },
    errors: ['image_corrupt', 'image_too_large', 'fetch_failed', 'segmentation_unavailable', 'model_unavailable'],
    maxBodyBytes: MAX_MULTIPART_BYTES,
    creates: { recover: recoverConcept },
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

/** What makes two requests of one account the same concept. */
async function contentHash(
  { image, mask }: ConceptPictures,
  maskSource: MaskSource,
  model: ModelDescription,
): Promise<string> {
  const digests = await Promise.all(
    [image.bytes, mask?.bytes ?? new Uint8Array()].map((bytes) => crypto.subtle.digest('SHA-256', bytes)),
  );
  return [...digests.map((digest) => new Uint8Array(digest).toHex()), maskSource, model.fingerprint].join(' ');
}

export function createConcept(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(
    route,
    async (c) => {
      requireAllConcepts(c);
      const mediaType = mediaTypeOf(c.req);
      if (!mediaType) {
        throw invalidField('#/image', 'is required, in a body of multipart/form-data or application/json');
      }
      const request = mediaType.endsWith('json') ? c.req.valid('json') : c.req.valid('form');
      const seconds = preferredWaitSeconds(c.req.valid('header').prefer);
      return whileHeld(c, { seconds, until: 'end' }, async (waiting) => {
        const { record, created } = await storeConcept(c, request);
        c.header('Location', `/v1/concepts/${record.id}`);
        if (seconds !== null) {
          c.header('Preference-Applied', `wait=${seconds}`);
        }
        const current = (await readConcept(c, record.id, created ? waiting : null)) ?? record;
        const body = await conceptObject(current, objectUrls(c));
        return created ? c.json(body, current.endedAtMs === null ? 202 : 201) : c.json(body, 200);
      });
    },
    refuseInvalidBody(checkConceptBody),
  );
}

async function putPicture(bucket: R2Bucket, key: string, { bytes, contentType }: Picture): Promise<void> {
  await bucket.put(key, bytes, { httpMetadata: { contentType } });
}

async function storeConcept(
  c: Context<EdgeContext>,
  request: ConceptRequest,
): Promise<{ record: ConceptRecord; created: boolean }> {
  const { accountId, endUser } = c.get('principal');
  const nowMs = Date.now();
  const model = await requireCurrentModel(c.env.BUCKET, nowMs);
  const maskSource = request.mask === undefined ? 'none' : request.mask === 'auto' ? 'auto' : 'upload';
  const { image, mask } = await checkConceptParts(c, request, model);
  const hash = await contentHash({ image: image!, mask }, maskSource, model);
  const account = accountOf(c.env, accountId);
  const existing = await account.findConcept(hash);
  if (existing) {
    return { record: existing, created: false };
  }

  const id = newId('concept', nowMs);
  const photoKey = uploadedPhotoKey(accountId, id);
  const maskKey = mask && uploadedMaskKey(accountId, id);
  await putPicture(c.env.BUCKET, photoKey, image!);
  if (mask && maskKey) {
    await putPicture(c.env.BUCKET, maskKey, mask);
  }
  const record: ConceptRecord = {
    id,
    endUser,
    status: 'queued',
    name: request.name ?? null,
    category: request.category ?? null,
    metadata: request.metadata ?? {},
    model: model.fingerprint,
    maskSource,
    copiedFrom: null,
    createdAtMs: nowMs,
    expiresAtMs: request.retain === undefined ? null : nowMs + 1000 * request.retain,
    startedAtMs: null,
    endedAtMs: null,
    result: null,
    error: null,
  };
  const stored = await account.createConcept(record, hash, {
    terms: { startWithinMs: DEFAULT_START_WITHIN_MS, shares: [], webhook: request.webhook ?? null },
    idempotencyKey: idempotencyKeyOf(c),
    message: {
      version: QUEUE_MESSAGE_VERSION,
      kind: 'encode',
      job_id: id,
      account_id: accountId,
      model: model.fingerprint,
      deadline: isoTime(deadlineOf(nowMs, DEFAULT_START_WITHIN_MS)),
      traceparent: traceparentOf(c),
      input: { photo_key: photoKey, mask_key: maskKey, mask_source: maskSource },
    },
  });
  if (!stored?.created) {
    await deletePrefix(c.env.BUCKET, uploadPrefix(accountId, id)); // another request, or the account's end, was faster
  }
  if (!stored) {
    throw deadKey();
  }
  return stored;
}
