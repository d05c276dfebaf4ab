import type { GenerationInput } from '../../../shared/generation.ts';
import { newId } from '../../../shared/ids.ts';
import type { ModelDescription } from '../../../shared/model-description.ts';
import { QUEUE_MESSAGE_VERSION } from '../../../shared/queue-message.ts';
import type { NewGeneration } from '../../durable-objects/account/generations.ts';
import type { Metadata } from '../../durable-objects/account/records.ts';
import type { JobTerms } from '../../durable-objects/job/job-state.ts';
import { deadlineOf } from '../job-times.ts';
import { isoTime } from '../object-urls.ts';

export type GenerationPlan = {
  readonly accountId: string;
  readonly endUser: string | null;
  readonly input: GenerationInput;
  /** Of the input's concepts, in their order. */
  readonly embeddingKeys: readonly string[];
  readonly metadata: Metadata;
  /** Null to keep it as long as what it belongs to. */
  readonly retainSeconds: number | null;
  readonly model: ModelDescription;
  readonly terms: JobTerms;
  readonly traceparent: string | null;
  readonly idempotencyKey: string | null;
};

/** A generation as its account first records it, and the job that makes it. */
export function newGeneration(plan: GenerationPlan, nowMs: number): NewGeneration {
  const { input, model, terms } = plan;
  const id = newId('generation', nowMs);
  return {
    record: {
      id,
      endUser: plan.endUser,
      status: 'queued',
      input,
      metadata: plan.metadata,
      model: model.fingerprint,
      createdAtMs: nowMs,
      expiresAtMs: plan.retainSeconds === null ? null : nowMs + 1000 * plan.retainSeconds,
      startedAtMs: null,
      endedAtMs: null,
      progress: null,
      result: null,
      error: null,
    },
    job: {
      terms,
      idempotencyKey: plan.idempotencyKey,
      message: {
        version: QUEUE_MESSAGE_VERSION,
        kind: 'generate',
        job_id: id,
        account_id: plan.accountId,
        model: model.fingerprint,
        deadline: isoTime(deadlineOf(nowMs, terms.startWithinMs)),
        traceparent: plan.traceparent,
        input: {
          ...input,
          concepts: input.concepts.map(({ token, strength, words }, i) => ({
            embedding_key: plan.embeddingKeys[i]!,
            token,
            strength,
            words,
          })),
        },
      },
    },
  };
}
