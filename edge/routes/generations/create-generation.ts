import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type GenerationInput, generationInputSchema, generationSchema } from '../../../shared/generation.ts';
import { conceptIdSchema, newId } from '../../../shared/ids.ts';
import type { ModelDescription } from '../../../shared/model-description.ts';
import { QUEUE_MESSAGE_VERSION } from '../../../shared/queue-message.ts';
import { inputErrors, resolveInput } from '../../../shared/resolve-input.ts';
import type { EdgeContext } from '../../context.ts';
import type { ConceptRecord, GenerationRecord } from '../../durable-objects/account/records.ts';
import { accountOf } from '../../durable-objects/stubs.ts';
import { type FieldError, invalidFields } from '../../errors.ts';
import { idempotencyKeyOf } from '../../middleware/idempotency.ts';
import { requireCurrentModel } from '../../storage/current-model.ts';
import { readConcept } from '../concepts/read-concept.ts';
import { deadlineOf } from '../job-times.ts';
import { isoTime } from '../object-urls.ts';
import { operation } from '../operation.ts';
import { preferHeaderSchema, preferredWaitSeconds } from '../prefer-wait.ts';
import { traceparentOf } from '../traceparent.ts';
import { generationObject } from './generation-object.ts';
import { type GenerationRequest, generationRequestSchema } from './generation-request.ts';
import { readGeneration, recoverGeneration } from './read-generation.ts';

const dryRunSchema = z
  .object({ object: z.literal('generation.dry_run'), input: generationInputSchema })
  .openapi('GenerationDryRun');

const route = operation(
  {
    access: { by: 'token', scope: 'generations:write' },
    errors: ['model_unavailable'],
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
  app.openapi(route, async (c) => {
    const request = c.req.valid('json');
    const resolved = await resolveRequest(c, request);
    if (c.req.valid('query').dry_run) {
      return c.json({ object: 'generation.dry_run' as const, input: resolved.input }, 200);
    }
    const record = await storeGeneration(c, request, resolved);
    const waitSeconds = preferredWaitSeconds(c.req.valid('header').prefer);
    c.header('Location', `/v1/generations/${record.id}`);
    if (waitSeconds !== null) {
      c.header('Preference-Applied', `wait=${waitSeconds}`);
    }
    const waiting = waitSeconds === null ? null : ({ waitMs: 1000 * waitSeconds, until: 'end' } as const);
    const current = (await readGeneration(c, record.id, waiting)) ?? record;
    return c.json(await generationObject(c, current), current.endedAtMs === null ? 202 : 201);
  });
}

type Resolved = {
  readonly model: ModelDescription;
  readonly input: GenerationInput;
  readonly embeddingKeys: readonly string[];
};

async function resolveRequest(c: Context<EdgeContext>, request: GenerationRequest): Promise<Resolved> {
  const model = await requireCurrentModel(c.env.BUCKET, Date.now());
  const input = resolveInput(request, model);
  const { embeddingKeys, errors } = await findConcepts(c, input, model);
  const allErrors = [...inputErrors(input, model), ...errors];
  if (allErrors.length > 0) {
    throw invalidFields(allErrors);
  }
  return { model, input, embeddingKeys };
}

async function storeGeneration(
  c: Context<EdgeContext>,
  request: GenerationRequest,
  { model, input, embeddingKeys }: Resolved,
): Promise<GenerationRecord> {
  const { accountId, endUser } = c.get('principal');
  const nowMs = Date.now();
  const startWithinMs = 1000 * request.start_within;
  const record: GenerationRecord = {
    id: newId('generation', nowMs),
    endUser,
    status: 'queued',
    input,
    metadata: request.metadata,
    model: model.fingerprint,
    createdAtMs: nowMs,
    startedAtMs: null,
    endedAtMs: null,
    progress: null,
    result: null,
    error: null,
  };
  await accountOf(c.env, accountId).createGeneration(record, {
    startWithinMs,
    idempotencyKey: idempotencyKeyOf(c),
    message: {
      version: QUEUE_MESSAGE_VERSION,
      kind: 'generate',
      job_id: record.id,
      account_id: accountId,
      model: model.fingerprint,
      deadline: isoTime(deadlineOf(nowMs, startWithinMs)),
      traceparent: traceparentOf(c),
      input: {
        ...input,
        concepts: input.concepts.map(({ token, strength, words }, i) => ({
          embedding_key: embeddingKeys[i]!,
          token,
          strength,
          words,
        })),
      },
    },
  });
  return record;
}

/** Where the embeddings of an input's concepts are, or what is wrong with them. */
async function findConcepts(c: Context<EdgeContext>, input: GenerationInput, model: ModelDescription) {
  const found = await Promise.all(input.concepts.map(({ concept }) => findConcept(c, concept)));
  const errors: FieldError[] = [];
  const embeddingKeys = found.map((record, i) => {
    const message = conceptProblem(record, model);
    if (message) {
      errors.push({ pointer: `#/concepts/${i}/concept`, message });
    }
    return record?.result?.embeddingKey ?? '';
  });
  return { embeddingKeys, errors };
}

async function findConcept(c: Context<EdgeContext>, reference: string): Promise<ConceptRecord | null> {
  return conceptIdSchema.safeParse(reference).success ? readConcept(c, reference, null) : null;
}

function conceptProblem(record: ConceptRecord | null, model: ModelDescription): string | null {
  if (!record) {
    return 'is not one of your concepts';
  }
  if (record.status !== 'ready') {
    return `must be ready, but is ${record.status}`;
  }
  if (record.model !== model.fingerprint) {
    return `must be of the model in service, ${model.fingerprint}, but is of ${record.model}`;
  }
  return null;
}
