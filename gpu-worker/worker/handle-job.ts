import { ERROR_CODES } from '../../shared/error-codes.ts';
import { newAttemptId } from '../../shared/ids.ts';
import type { JobResult } from '../../shared/job-result.ts';
import type { JobError } from '../../shared/problem.ts';
import type { QueueMessage } from '../../shared/queue-message.ts';
import type { WorkerEventAnswer } from '../../shared/worker-event.ts';
import type { MessageHandler } from './consumer.ts';
import { type Delivery, MAX_DELIVERIES, type WorkerParts } from './delivery.ts';
import { type Disposition, retryDelaySeconds, SOON_SECONDS } from './disposition.ts';
import { JobFault } from './job-fault.ts';
import { readMessage } from './read-message.ts';
import { createReporter } from './report.ts';
import { deleteUploads, findResult } from './result-store.ts';
import { StoppedError, type StopReason } from './stopped.ts';
import { workOn } from './work-on.ts';

const MAX_ERROR_CHARS = 1000;

/**
 * Takes a job from its message to its end. Its message is deleted only when `result.json` is in the bucket and the job has acknowledged it, or
 * when the job has acknowledged that it failed, or says that it had its end before.
 */
export function createJobHandler(parts: WorkerParts): MessageHandler {
  return async (received, signal) => {
    const { jobId, message, problem } = readMessage(received.body);
    if (jobId === null) {
      parts.log.error({ problem }, 'a message names no job; the queue sets it aside in the end');
      return retry(received.receiveCount);
    }
    const traceparent = message?.traceparent ?? null;
    const attemptId = newAttemptId(parts.edge.clock.now());
    const delivery: Delivery = {
      ...parts,
      attemptId,
      count: received.receiveCount,
      reporter: createReporter(parts.edge, { jobId, attemptId, traceparent }),
      signal,
      log: parts.log.child({ job: jobId, attempt: attemptId, ...(traceparent && { traceparent }) }),
    };
    try {
      if (message === null) {
        throw new Error(`expected a message this worker can read: ${problem}`);
      }
      const result = (await findResult(message, parts.store)) ?? (await workOn(message, delivery));
      return await tellResult(result, message, delivery);
    } catch (error) {
      return await conclude(error, message, delivery);
    }
  };
}

async function tellResult(result: JobResult, message: QueueMessage, delivery: Delivery): Promise<Disposition> {
  const { store, reporter, signal, log, count } = delivery;
  await deleteUploads(message, store);
  const disposition = acknowledged(await reporter.succeeded(result, signal));
  log.info({ delivery: count, ...result.timings }, `${message.kind} succeeded`);
  return disposition;
}

/** What becomes of a message whose attempt has ended otherwise than well. */
async function conclude(error: unknown, message: QueueMessage | null, delivery: Delivery): Promise<Disposition> {
  const { count, log } = delivery;
  if (error instanceof StoppedError) {
    log.info({ reason: error.reason }, 'stopped');
    return afterStop(error.reason);
  }
  const fault = faultOf(error);
  if (fault.transient && count < MAX_DELIVERIES) {
    log.warn({ err: error, delivery: count }, 'the attempt failed and is left to another');
    return retry(count);
  }
  log.warn({ err: error, delivery: count }, 'the job failed');
  try {
    return await tellFailure(fault, message, delivery);
  } catch (reportError) {
    log.warn({ err: reportError }, 'the failure could not be told');
    return reportError instanceof StoppedError ? afterStop(reportError.reason) : retry(count);
  }
}

/** Unless there is a result all the same: of another attempt, or of this one, whose answers were lost. */
async function tellFailure(fault: JobFault, message: QueueMessage | null, delivery: Delivery): Promise<Disposition> {
  const { store, reporter, signal } = delivery;
  const result = message && (await findResult(message, store));
  return message && result
    ? tellResult(result, message, delivery)
    : acknowledged(await reporter.failed(jobErrorOf(fault), signal));
}

/** Of what else went wrong here than a fault the job's owner learns nothing but that it did. */
function faultOf(error: unknown): JobFault {
  return error instanceof JobFault ? error : new JobFault('internal', 'the worker could not bring this job to its end');
}

function jobErrorOf({ code, message }: JobFault): JobError {
  return { code, message: message.slice(0, MAX_ERROR_CHARS), retryable: ERROR_CODES[code].retryable };
}

function acknowledged(answer: WorkerEventAnswer): Disposition {
  if (answer.action === 'continue') {
    throw new Error('expected the job to acknowledge its end, it answered continue');
  }
  return afterStop(answer.reason);
}

function afterStop(reason: StopReason): Disposition {
  switch (reason) {
    case 'ended':
      return { action: 'delete' };
    case 'superseded':
    case 'lease_lost':
      return { action: 'leave' };
    case 'draining':
      return { action: 'retry', delaySeconds: SOON_SECONDS };
  }
}

function retry(count: number): Disposition {
  return { action: 'retry', delaySeconds: retryDelaySeconds(count) };
}
