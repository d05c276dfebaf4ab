import { jobPrefix, uploadPrefix } from '../../../shared/object-keys.ts';
import type { JobState } from '../job/job-state.ts';
import type { AccountParts } from './account-parts.ts';
import type { AccountTables } from './account-tables.ts';
import { promiseSweep } from './forget-job.ts';
import { conceptWithJob, generationWithJob } from './records.ts';

/** Takes in a change of a job's status with all that follows from it, in one write; repeating it changes nothing. */
export function jobChanged(parts: AccountParts, job: JobState, deliveryIds: readonly string[]): void {
  const { storage, tables, now } = parts;
  storage.transactionSync(() => {
    const isNews = updateRecord(tables, job, now());
    if (isNews) {
      tables.deliveries.insert(deliveryIds, job.message.job_id);
    }
    if (hasFailed(job)) {
      giveBackUses(parts, job);
    }
    if (isNews && job.endedAtMs !== null) {
      promiseCleaning(parts, job);
    }
  });
  parts.runDueSoon();
}

function giveBackUses({ tasks }: AccountParts, { shares, message }: JobState): void {
  for (const share of shares) {
    tasks.promise({ kind: 'give_back_use', share, useId: message.job_id });
  }
}

/** A photo as it was sent is of no more use, and neither is what a job wrote that has failed. */
function promiseCleaning(parts: AccountParts, job: JobState): void {
  const { account_id: accountId, job_id: jobId, kind } = job.message;
  if (kind === 'encode') {
    parts.tasks.promise({ kind: 'delete_prefix', prefix: uploadPrefix(accountId, jobId) });
  }
  if (hasFailed(job)) {
    promiseSweep(parts, jobPrefix(accountId, jobId));
  }
}

/** Brings a job's record up to date. False when it is gone or had ended before: then there is nothing left to do. */
function updateRecord(tables: AccountTables, job: JobState, nowMs: number): boolean {
  if (job.message.kind === 'encode') {
    return conceptChanged(tables, job, nowMs);
  }
  return tables.generations.get(job.message.job_id)
    ? generationChanged(tables, job, nowMs)
    : sampleChanged(tables, job);
}

function hasFailed({ endedAtMs, status }: JobState): boolean {
  return endedAtMs !== null && status !== 'succeeded';
}

function conceptChanged({ concepts, usage }: AccountTables, job: JobState, nowMs: number): boolean {
  const record = concepts.get(job.message.job_id);
  if (!record || record.endedAtMs !== null) {
    return false;
  }
  concepts.update(conceptWithJob(record, job));
  if (job.status === 'succeeded') {
    usage.add(record.endUser, { concepts: 1, generations: 0, images: 0, steps: 0 }, nowMs);
  } else if (hasFailed(job)) {
    concepts.dropAlias(record.id); // the same photo may be tried again
  }
  return true;
}

function generationChanged({ generations, usage }: AccountTables, job: JobState, nowMs: number): boolean {
  const record = generations.get(job.message.job_id);
  if (!record || record.endedAtMs !== null) {
    return false;
  }
  generations.update(generationWithJob(record, job));
  if (job.status === 'succeeded') {
    const { num_images: images, steps } = record.input;
    usage.add(record.endUser, { concepts: 0, generations: 1, images, steps: steps * images }, nowMs);
  }
  return true;
}

function sampleChanged({ samples }: AccountTables, job: JobState): boolean {
  const record = samples.get(job.message.job_id);
  if (!record || record.endedAtMs !== null) {
    return false;
  }
  samples.update(generationWithJob(record, job));
  if (hasFailed(job)) {
    samples.dropAlias(record.id); // the next share of the concept has another drawn
  }
  return true;
}
