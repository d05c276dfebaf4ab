import type { ConceptStatus, MaskSource } from '../../../shared/concept.ts';
import type { GenerationInput, GenerationStatus } from '../../../shared/generation.ts';
import type { EncodeResult, GenerateResult } from '../../../shared/job-result.ts';
import type { JobError } from '../../../shared/problem.ts';
import { includesRight, type ShareRights } from '../../../shared/share.ts';
import type { JobProgress, JobState, JobStatus } from '../job/job-state.ts';

export type Metadata = Readonly<Record<string, unknown>>;

/** What an account knows of a concept. Times are milliseconds since the epoch. */
export type ConceptRecord = {
  readonly id: string;
  /** Whom the caller's own service knows behind the request. */
  readonly endUser: string | null;
  readonly status: ConceptStatus;
  readonly name: string | null;
  readonly category: string | null;
  readonly metadata: Metadata;
  readonly model: string;
  readonly maskSource: MaskSource;
  /** The share it was copied from, and what it granted then. */
  readonly copiedFrom: { readonly shareId: string; readonly rights: ShareRights } | null;
  readonly createdAtMs: number;
  /** When it is deleted by itself; null for never. */
  readonly expiresAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly result: ConceptResult | null;
  readonly error: JobError | null;
};

/** Where a ready concept's bytes are, and what making them took. */
export type ConceptResult = {
  readonly embeddingKey: string;
  readonly photoKey: string | null;
  readonly maskKey: string | null;
  readonly encodeMs: number | null;
};

/** What is undefined stays. */
export type ConceptChanges = {
  readonly name?: string | null | undefined;
  readonly category?: string | null | undefined;
  readonly metadata?: Metadata | undefined;
};

export function changedConcept(record: ConceptRecord, { name, category, metadata }: ConceptChanges): ConceptRecord {
  return {
    ...record,
    name: name === undefined ? record.name : name,
    category: category === undefined ? record.category : category,
    metadata: metadata ?? record.metadata,
  };
}

/** What an account knows of a generation. */
export type GenerationRecord = {
  readonly id: string;
  readonly endUser: string | null;
  readonly status: GenerationStatus;
  readonly input: GenerationInput;
  readonly metadata: Metadata;
  readonly model: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly progress: JobProgress | null;
  readonly result: GenerationResult | null;
  readonly error: JobError | null;
};

export type GenerationResult = Pick<GenerateResult, 'images' | 'prompt_truncated' | 'timings'>;

const CONCEPT_STATUS: Readonly<Record<JobStatus, ConceptStatus>> = {
  queued: 'queued',
  running: 'encoding',
  succeeded: 'ready',
  failed: 'failed',
  canceled: 'failed',
  expired: 'failed',
};

function conceptResult(result: EncodeResult): ConceptResult {
  return {
    embeddingKey: result.embedding_key,
    photoKey: result.photo_key,
    maskKey: result.mask_key,
    encodeMs: result.timings.encode_ms,
  };
}

/** The record as its job now stands. */
export function conceptWithJob(record: ConceptRecord, job: JobState): ConceptRecord {
  return {
    ...record,
    status: CONCEPT_STATUS[job.status],
    startedAtMs: job.startedAtMs,
    endedAtMs: job.endedAtMs,
    result: job.result?.kind === 'encode' ? conceptResult(job.result) : null,
    error: job.error,
  };
}

export function generationWithJob(record: GenerationRecord, job: JobState): GenerationRecord {
  return {
    ...record,
    status: job.status,
    startedAtMs: job.startedAtMs,
    endedAtMs: job.endedAtMs,
    progress: job.progress,
    result: job.result?.kind === 'generate' ? job.result : null,
    error: job.error,
  };
}

export function usesOnly(generation: GenerationRecord, conceptIds: readonly string[]): boolean {
  return generation.input.concepts.every(({ concept }) => conceptIds.includes(concept));
}

/** A copy made with the right `copy` gives its owner neither the file nor the right to share it on. */
export function mayExport({ copiedFrom }: ConceptRecord): boolean {
  return copiedFrom === null || includesRight(copiedFrom.rights, 'export');
}
