import { z } from 'zod';
import { attemptIdSchema } from './ids.ts';
import { jobResultSchema } from './job-result.ts';
import { jobErrorSchema } from './problem.ts';

/**
 * What a worker tells a Job, in the body of `POST /internal/jobs/{id}/events`, signed (signatures.ts). `seq` counts
 * from 0 within an attempt: a repeated (attempt, seq) changes nothing and gets the same kind of answer, so a send may
 * be retried until answered.
 */
const envelope = { version: z.literal(1), attempt: attemptIdSchema, seq: z.int().min(0), at: z.iso.datetime() };

export const workerEventSchema = z.discriminatedUnion('type', [
  z.object({ ...envelope, type: z.literal('started') }),
  z.object({ ...envelope, type: z.literal('progress'), step: z.int().min(0), steps: z.int().min(1) }),
  /** Sent after `result.json` is in R2, also by an attempt that found another attempt's result. */
  z.object({ ...envelope, type: z.literal('succeeded'), result: jobResultSchema }),
  /**
   * The job's end, not the attempt's: an attempt that is to be tried again leaves its message to the queue and says
   * nothing.
   */
  z.object({ ...envelope, type: z.literal('failed'), error: jobErrorSchema }),
]);

export type WorkerEvent = z.infer<typeof workerEventSchema>;

/**
 * Whether to go on. `stop` with `ended` (also cancelled, expired, deleted or unknown): delete the queue message.
 * `stop` with `superseded`: a newer attempt has the job; leave the message to it. After `succeeded` or `failed`,
 * `ended` is the acknowledgement.
 */
export const workerEventAnswerSchema = z.discriminatedUnion('action', [
  z.object({ action: z.literal('continue') }),
  z.object({ action: z.literal('stop'), reason: z.enum(['ended', 'superseded']) }),
]);

export type WorkerEventAnswer = z.infer<typeof workerEventAnswerSchema>;

export function workerEventsPath(jobId: string): string {
  return `/internal/jobs/${jobId}/events`;
}
