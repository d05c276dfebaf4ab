import type { Context } from 'hono';
import type { EdgeContext } from '../../context.ts';
import { type ConceptRecord, conceptWithJob } from '../../durable-objects/account/records.ts';
import { accountOf, jobOf } from '../../durable-objects/stubs.ts';
import { ApiError } from '../../errors.ts';

export type Waiting = { readonly waitMs: number; readonly until: 'change' | 'end' };

/** One of the caller's own concepts as it stands now, or after waiting for its job; null when there is none such. */
export async function readConcept(
  c: Context<EdgeContext>,
  id: string,
  waiting: Waiting | null,
): Promise<ConceptRecord | null> {
  const record = await accountOf(c.env, c.get('principal').accountId).getConcept(id);
  if (!record || record.endedAtMs !== null) {
    return record;
  }
  const job = jobOf(c.env, id);
  const view = waiting ? await job.wait(waiting.until, waiting.waitMs) : await job.view();
  return view ? conceptWithJob(record, view.state) : record;
}

export async function requireConcept(
  c: Context<EdgeContext>,
  id: string,
  waiting: Waiting | null = null,
): Promise<ConceptRecord> {
  const record = await readConcept(c, id, waiting);
  if (!record) {
    throw new ApiError('not_found', `There is no concept ${id}.`);
  }
  return record;
}
