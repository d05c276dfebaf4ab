import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type GenerationInput, generationInputSchema, generationSchema } from '../../../shared/generation.ts';
import type { ModelDescription } from '../../../shared/model-description.ts';
import { inputErrors, resolveInput } from '../../../shared/resolve-input.ts';
import type { EdgeContext } from '../../context.ts';
import type { GenerationRecord } from '../../durable-objects/account/records.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { invalidFields } from '../../errors.ts';
import { deadKey } from '../../middleware/authenticate.ts';
import { idempotencyKeyOf } from '../../middleware/idempotency.ts';
import { readCurrentModel, requireCurrentModel } from '../../storage/current-model.ts';
import { operation } from '../operation.ts';
import { preferHeaderSchema, preferredWaitSeconds } from '../prefer-wait.ts';
import { traceparentOf } from '../traceparent.ts';
import { allChecked } from '../validation/all-checked.ts';
import { refuseInvalidBody } from '../validation/refuse-invalid.ts';
import { whileHeld } from '../waiting.ts';
import { checkWebhook } from '../webhooks/check-webhook.ts';
import { newGeneration } from './generation-job.ts';
import { generationObject } from './generation-object.ts';
import {
  type GenerationParts,
  type GenerationRequest,
  generationRequestSchema,
  soundParts,
} from './generation-request.ts';
import { findPromptConcepts, giveBackUses, type PromptConcept, reserveUses } from './prompt-concept.ts';
import { readGeneration, recoverGeneration } from './read-generation.ts';

const dryRunSchema = z
  .object({ object: z.literal('generation.dry_run'), input: generationInputSchema })
  .openapi('GenerationDryRun');

const route = operation(
  {
    access: { by: 'token', scope: 'generations:write' },
    errors: ['model_unavailable', 'unavailable'],
    creates: { recover: recoverGeneration },
  },
  {
    method: 'post',
    path: '/v1/generations',
    operationId: 'createGeneration',
    tags: ['Generations'],
    summary: 'Draw a concept in a new scene',
    request: {
      headers: preferHeaderSchema,
      query: z.object({
        dry_run: z.stringbool().optional().meta({ description: 'Validates and resolves the input; queues nothing.' }),
      }),
      body: { required: true, content: { 'application/json': { schema: generationRequestSchema } } },
    },
    responses: {
      200: {
        description: 'Of a dry run: the resolved input.',
        content: { 'application/json': { schema: dryRunSchema } },
      },
      201: {
        description: 'Ended while the answer was held.',
        content: { 'application/json': { schema: generationSchema } },
      },
      202: { description: 'Accepted; it will end.', content: { 'application/json': { schema: generationSchema } } },
    },
  },
);

export function createGeneration(app: OpenAPIHono<EdgeContext>): void {
  app.openapi(
    route,
    async (c) => {
      const request = c.req.valid('json');
      const resolved = await resolveRequest(c, request);
      if (c.req.valid('query').dry_run) {
        return c.json({ object: 'generation.dry_run' as const, input: resolved.input }, 200);
      }
      const seconds = preferredWaitSeconds(c.req.valid('header').prefer);
      return whileHeld(c, { seconds, until: 'end' }, async (waiting) => {
        const record = await storeGeneration(c, request, resolved);
        c.header('Location', `/v1/generations/${record.id}`);
        if (seconds !== null) {
          c.header('Preference-Applied', `wait=${seconds}`);
        }
        const current = (await readGeneration(c, record.id, waiting)) ?? record;
        return c.json(await generationObject(c, current), current.endedAtMs === null ? 202 : 201);
      });
    },
    refuseInvalidBody(checkBody),
  );
}

type Resolved = {
  readonly model: ModelDescription;
  readonly input: GenerationInput;
  readonly concepts: readonly PromptConcept[];
};

async function resolveRequest(c: Context<EdgeContext>, request: GenerationRequest): Promise<Resolved> {
  const model = await requireCurrentModel(c.env.BUCKET, Date.now());
  const found = await checkParts(c, request, model);
  const input = resolveInput(request, model);
  const concepts = input.concepts.map((concept, i) => ({ ...concept, concept: found[i]!.reference }));
  return { model, input: { ...input, concepts }, concepts: found };
}

/** Finds the concepts, and throws for everything about the parts of a request that is wrong though well-formed. */
async function checkParts(
  c: Context<EdgeContext>,
  parts: GenerationParts,
  model: ModelDescription,
): Promise<readonly PromptConcept[]> {
  const references = parts.concepts.map(({ concept }) => concept);
  const [, found] = await allChecked([
    checkInput(parts, model),
    findPromptConcepts(c, references, model),
    checkWebhook(c, parts.webhook),
  ]);
  return found;
}

async function checkInput(parts: GenerationParts, model: ModelDescription): Promise<void> {
  const errors = inputErrors(parts, model);
  if (errors.length > 0) {
    throw invalidFields(errors);
  }
}

/** For a body that is to be refused already. */
async function checkBody(c: Context<EdgeContext>, body: unknown): Promise<void> {
  const model = await readCurrentModel(c.env.BUCKET, Date.now());
  const parts = soundParts(body);
  await (model ? checkParts(c, parts, model) : checkWebhook(c, parts.webhook));
}

async function storeGeneration(
  c: Context<EdgeContext>,
  request: GenerationRequest,
  { model, input, concepts }: Resolved,
): Promise<GenerationRecord> {
  const { accountId, endUser } = c.get('principal');
  const shares = [...new Set(concepts.flatMap(({ share }) => share ?? []))];
  const generation = newGeneration(
    {
      accountId,
      endUser,
      retainSeconds: request.retain,
      input,
      embeddingKeys: concepts.map(({ embeddingKey }) => embeddingKey),
      metadata: request.metadata,
      model,
      terms: { startWithinMs: 1000 * request.start_within, shares, webhook: request.webhook ?? null },
      traceparent: traceparentOf(c),
      idempotencyKey: idempotencyKeyOf(c),
    },
    Date.now(),
  );
  const errors = await reserveUses(c.env, concepts, generation.record.id);
  if (errors.length > 0) {
    throw invalidFields(errors);
  }
  if (!(await accountOf(c.env, accountId).createGeneration(generation))) {
    await giveBackUses(c.env, concepts, generation.record.id);
    throw deadKey();
  }
  return generation.record;
}
