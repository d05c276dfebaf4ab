import type { Context } from 'hono';
import { conceptIdSchema } from '../../../shared/ids.ts';
import type { ModelDescription } from '../../../shared/model-description.ts';
import type { EdgeContext } from '../../context.ts';
import { parseShareUrl } from '../../credentials/share-token.ts';
import type { ConceptRecord } from '../../durable-objects/account/records.ts';
import type { UseVerdict } from '../../durable-objects/share/share-terms.ts';
import { shareOf } from '../../durable-objects/stubs.ts';
import type { EdgeEnv } from '../../env.ts';
import { type FieldError, invalidFields } from '../../errors.ts';
import { readConcept } from '../concepts/read-concept.ts';
import { findShare } from '../shares/find-share.ts';

/** What a concept in a request leads to. */
export type PromptConcept = {
  /** Its id, or the id of the share: the share's URL is a secret and is kept nowhere. */
  readonly reference: string;
  readonly embeddingKey: string;
  /** Name of the share it came by. */
  readonly share: string | null;
};

/**
 * Where the embeddings of a request's concepts are, in its order; throws what is wrong with each. One that is
 * undefined is left out.
 */
export async function findPromptConcepts(
  c: Context<EdgeContext>,
  references: readonly (string | undefined)[],
  model: ModelDescription,
): Promise<readonly PromptConcept[]> {
  const results = await Promise.all(
    references.map((reference) => (reference === undefined ? null : findPromptConcept(c, reference, model))),
  );
  const errors = results.flatMap((result, i) => (typeof result === 'string' ? [fieldError(i, result)] : []));
  if (errors.length > 0) {
    throw invalidFields(errors);
  }
  return results.filter((result) => typeof result === 'object' && result !== null);
}

function fieldError(index: number, message: string): FieldError {
  return { pointer: `#/concepts/${index}/concept`, message };
}

/** The concept, or the message that says what is wrong with the reference. */
async function findPromptConcept(
  c: Context<EdgeContext>,
  reference: string,
  model: ModelDescription,
): Promise<PromptConcept | string> {
  const token = parseShareUrl(reference, c.get('settings').PUBLIC_ORIGIN);
  if (token !== null) {
    return findShared(c, token, model);
  }
  const record = conceptIdSchema.safeParse(reference).success ? await readConcept(c, reference, null) : null;
  if (!record) {
    return 'is neither one of your concepts nor a share';
  }
  if (!record.result) {
    return `must be ready, but is ${record.status}`;
  }
  return modelProblem(record, model) ?? { reference: record.id, embeddingKey: record.result.embeddingKey, share: null };
}

async function findShared(
  c: Context<EdgeContext>,
  token: string,
  model: ModelDescription,
): Promise<PromptConcept | string> {
  if (c.get('principal').concepts !== null) {
    return 'must be one of the concepts that the client token is limited to';
  }
  const shared = await findShare(c.env, token);
  if (typeof shared === 'string') {
    return USE_PROBLEMS[shared === 'gone' ? 'revoked' : shared];
  }
  return (
    modelProblem(shared.concept, model) ?? {
      reference: shared.terms.id,
      embeddingKey: shared.concept.result.embeddingKey,
      share: shared.name,
    }
  );
}

function modelProblem(record: ConceptRecord, model: ModelDescription): string | null {
  return record.model === model.fingerprint
    ? null
    : `must be of the model in service, ${model.fingerprint}, but is of ${record.model}`;
}

const USE_PROBLEMS: Readonly<Record<Exclude<UseVerdict, 'counted'>, string>> = {
  unknown: 'is not a share',
  revoked: 'is a share that was revoked or has expired',
  expired: 'is a share that was revoked or has expired',
  taken_down: 'is a share that was taken down by the operator',
  used_up: 'is a share that was used as often as it may be',
};

/** Counts one use of every share, or none: then these are the errors. */
export async function reserveUses(
  env: EdgeEnv,
  concepts: readonly PromptConcept[],
  useId: string,
): Promise<FieldError[]> {
  const verdicts = await Promise.all(
    concepts.map(({ share }) => (share === null ? 'counted' : shareOf(env, share).reserve(useId))),
  );
  const errors = verdicts.flatMap((verdict, i) =>
    verdict === 'counted' ? [] : [fieldError(i, USE_PROBLEMS[verdict])],
  );
  if (errors.length > 0) {
    await giveBackUses(env, concepts, useId);
  }
  return errors;
}

export async function giveBackUses(env: EdgeEnv, concepts: readonly PromptConcept[], useId: string): Promise<void> {
  await Promise.all(concepts.map(({ share }) => (share === null ? undefined : shareOf(env, share).giveBack(useId))));
}
