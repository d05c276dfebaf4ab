import type { Context } from 'hono';
import type { EdgeContext } from '../../context.ts';
import { type GenerationRecord, generationWithJob, usesOnly } from '../../durable-objects/account/records.ts';
import { accountOf, jobOf } from '../../durable-objects/stubs.ts';
import { ApiError } from '../../errors.ts';
import { type Waiting, waitForJob } from '../waiting.ts';
import { generationObject } from './generation-object.ts';

/** One of the caller's own generations as it stands now, or after waiting for its job; null when there is none such. */
export async function readGeneration(
  c: Context<EdgeContext>,
  id: string,
  waiting: Waiting | null,
): Promise<GenerationRecord | null> {
  const { accountId, concepts } = c.get('principal');
  const record = await accountOf(c.env, accountId).getGeneration(id);
  if (!record || (concepts && !usesOnly(record, concepts))) {
    return null;
  }
  if (record.endedAtMs !== null) {
    return record;
  }
  const view = waiting ? await waitForJob(c, id, waiting) : await jobOf(c.env, id).view();
  return view ? generationWithJob(record, view.state) : record;
}

export async function requireGeneration(
  c: Context<EdgeContext>,
  id: string,
  waiting: Waiting | null = null,
): Promise<GenerationRecord> {
  const record = await readGeneration(c, id, waiting);
  if (!record) {
    throw new ApiError('not_found', `There is no generation ${id}.`);
  }
  return record;
}

/** The answer to a request that made a generation and was cut off: the generation as it is now. */
export async function recoverGeneration(c: Context<EdgeContext>, id: string): Promise<Response> {
  const record = await requireGeneration(c, id);
  c.header('Location', `/v1/generations/${id}`);
  return c.json(await generationObject(c, record), record.endedAtMs === null ? 202 : 201);
}
