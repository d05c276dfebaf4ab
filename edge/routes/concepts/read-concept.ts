import type { Context } from 'hono';
import type { EdgeContext } from '../../context.ts';
import { type ConceptRecord, conceptWithJob } from '../../durable-objects/account/records.ts';
import { accountOf, jobOf } from '../../durable-objects/stubs.ts';
import { ApiError } from '../../errors.ts';
import { mayUseConcept } from '../../middleware/principal.ts';
import { objectUrls } from '../object-urls.ts';
import { type Waiting, waitForJob } from '../waiting.ts';
import { conceptObject } from './concept-object.ts';

/**
 * One of the caller's own concepts, of those it may see, as it stands now, or after waiting for its job; null when
 * there is none such.
 */
export async function readConcept(
  c: Context<EdgeContext>,
  id: string,
  waiting: Waiting | null,
): Promise<ConceptRecord | null> {
  const principal = c.get('principal');
  const record = await accountOf(c.env, principal.accountId).getConcept(id);
  if (!record || !mayUseConcept(principal, id)) {
    return null;
  }
  if (record.endedAtMs !== null) {
    return record;
  }
  const view = waiting ? await waitForJob(c, id, waiting) : await jobOf(c.env, id).view();
  return view ? conceptWithJob(record, view.state) : record;
}

export async function requireConcept(
  c: Context<EdgeContext>,
  id: string,
  waiting: Waiting | null = null,
): Promise<ConceptRecord> {
  const record = await readConcept(c, id, waiting);
  if (!record) {
    throw noConcept(id);
  }
  return record;
}

export function noConcept(id: string): ApiError {
  return new ApiError('not_found', `There is no concept ${id}.`);
}

/** The answer to a request that made a concept and was cut off: the concept as it is now. */
export async function recoverConcept(c: Context<EdgeContext>, id: string): Promise<Response> {
  const record = await requireConcept(c, id);
  c.header('Location', `/v1/concepts/${id}`);
  return c.json(await conceptObject(record, objectUrls(c)), record.endedAtMs === null ? 202 : 201);
}

/** Throws 403 for a token that may see some concepts only: it could not see what it makes. */
export function requireAllConcepts(c: Context<EdgeContext>): void {
  if (c.get('principal').concepts) {
    throw new ApiError('insufficient_scope', 'Expected a token for all concepts: one for some can make no others.');
  }
}
