import type { JobState } from '../job/job-state.ts';
import type { RecordTable } from './record-table.ts';
import { type ConceptRecord, conceptWithJob, type GenerationRecord, generationWithJob } from './records.ts';
import type { UsageTable } from './usage-table.ts';

export type JobTables = {
  readonly concepts: RecordTable<ConceptRecord>;
  readonly generations: RecordTable<GenerationRecord>;
  /** Drawn for the pages of shares: not the owner's doing, so not counted. */
  readonly samples: RecordTable<GenerationRecord>;
  readonly usage: UsageTable;
};

/** Brings a job's record up to date. False when it is gone or had ended before: then there is nothing left to do. */
export function applyJobChange(tables: JobTables, job: JobState, nowMs: number): boolean {
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

function conceptChanged({ concepts, usage }: JobTables, job: JobState, nowMs: number): boolean {
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

function generationChanged({ generations, usage }: JobTables, job: JobState, nowMs: number): boolean {
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

function sampleChanged({ samples }: JobTables, job: JobState): boolean {
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
