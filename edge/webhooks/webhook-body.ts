import { conceptWithJob, generationWithJob } from '../durable-objects/account/records.ts';
import type { JobState } from '../durable-objects/job/job-state.ts';
import { accountOf } from '../durable-objects/stubs.ts';
import { type EdgeEnv, settingsOf } from '../env.ts';
import { conceptObject } from '../routes/concepts/concept-object.ts';
import { describeGeneration } from '../routes/generations/generation-object.ts';
import { isoTime, objectUrlsOf } from '../routes/object-urls.ts';
import type { Delivery } from './delivery.ts';

/** What is sent: the object as it is now, with fresh URLs. Null when it was deleted. */
export async function webhookBody(
  env: EdgeEnv,
  state: JobState,
  { event, createdAtMs }: Delivery,
  nowMs: number,
): Promise<string | null> {
  const { account_id: accountId, job_id: id, kind } = state.message;
  const account = accountOf(env, accountId);
  const urls = objectUrlsOf(settingsOf(env), accountId, nowMs);
  let data: object;
  if (kind === 'encode') {
    const record = await account.getConcept(id);
    if (!record) {
      return null;
    }
    data = await conceptObject(conceptWithJob(record, state), urls);
  } else {
    const record = await account.getGeneration(id);
    if (!record) {
      return null;
    }
    data = await describeGeneration(generationWithJob(record, state), urls, null);
  }
  return JSON.stringify({ type: event, timestamp: isoTime(createdAtMs), data });
}
