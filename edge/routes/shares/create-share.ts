import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { newId } from '../../../shared/ids.ts';
import { shareRightsSchema, shareSchema } from '../../../shared/share.ts';
import type { EdgeContext } from '../../context.ts';
import { newShareToken, shareNameOf, sharePath } from '../../credentials/share-token.ts';
import { mayExport } from '../../durable-objects/account/records.ts';
import type { ShareTerms } from '../../durable-objects/share/share-terms.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { ApiError } from '../../errors.ts';
import { idempotencyKeyOf } from '../../middleware/idempotency.ts';
import { requireStillAuthentic } from '../../middleware/still-authentic.ts';
import { readCurrentModel } from '../../storage/current-model.ts';
import { conceptParamsSchema } from '../concepts/get-concept.ts';
import { noConcept, requireConcept } from '../concepts/read-concept.ts';
import { operation } from '../operation.ts';
import { recoverShare } from './read-share.ts';
import { sampleJob } from './sample-job.ts';
import { shareObject } from './share-object.ts';

const MIN_EXPIRES_IN_SECONDS = 60;
const MAX_EXPIRES_IN_SECONDS = 365 * 24 * 3600;
const MAX_MAX_USES = 1_000_000;

const shareRequestSchema = z.strictObject({
  rights: shareRightsSchema.default('use'),
  expires_in: z
    .int()
    .min(MIN_EXPIRES_IN_SECONDS)
    .max(MAX_EXPIRES_IN_SECONDS)
    .nullish()
    .meta({ description: 'Seconds; without it the share lives until it is deleted.' }),
  max_uses: z.int().min(1).max(MAX_MAX_USES).nullish().meta({ description: 'Without it there is no limit.' }),
});

const route = operation(
  {
    access: { by: 'token', scope: 'shares:write' },
    errors: ['not_found', 'not_ready', 'right_missing'],
    creates: { secretFields: ['url'], recover: recoverShare },
  },
  {
    method: 'post',
    path: '/v1/concepts/{id}/shares',
    operationId: 'createShare',
    tags: ['Shares'],
    summary: 'Share a concept by URL',
    description: 'Queues one sample picture for the page behind the URL, unless the concept has one.',
    request: {
      params: conceptParamsSchema,
      body: { required: true, content: { 'application/json': { schema: shareRequestSchema } } },
    },
    responses: {
      201: { description: 'The share, and its URL.', content: { 'application/json': { schema: shareSchema } } },
    },
  },
);

export function createShare(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(route, async (c) => {
    const { rights, expires_in: expiresIn, max_uses: maxUses } = c.req.valid('json');
    const { accountId } = c.get('principal');
    const concept = await requireConcept(c, c.req.valid('param').id);
    if (!concept.result) {
      throw new ApiError('not_ready', `Expected a concept that is ready, got one that is ${concept.status}.`);
    }
    if (!mayExport(concept)) {
      throw new ApiError('right_missing', 'A copy that came with the right copy may not be shared on.');
    }
    const nowMs = Date.now();
    const token = newShareToken();
    const terms: ShareTerms = {
      id: newId('share', nowMs),
      accountId,
      conceptId: concept.id,
      rights,
      expiresAtMs: expiresIn == null ? null : nowMs + 1000 * expiresIn,
      maxUses: maxUses ?? null,
      createdAtMs: nowMs,
    };
    const model = await readCurrentModel(c.env.BUCKET, nowMs);
    const shared = { id: concept.id, embeddingKey: concept.result.embeddingKey };
    const sample = model?.fingerprint === concept.model ? sampleJob(accountId, shared, model, nowMs) : null;
    const share = { name: await shareNameOf(token), terms };
    const options = { sample, idempotencyKey: idempotencyKeyOf(c) };
    if (!(await accountOf(c.env, accountId).createShare(share, options))) {
      await requireStillAuthentic(c);
      throw noConcept(concept.id);
    }
    c.header('Location', `/v1/concepts/${concept.id}/shares/${terms.id}`);
    return c.json({ ...shareObject(terms, 0), url: `${c.get('settings').PUBLIC_ORIGIN}${sharePath(token)}` }, 201);
  });
}
