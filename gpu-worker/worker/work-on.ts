import type { JobResult } from '../../shared/job-result.ts';
import type { QueueMessage } from '../../shared/queue-message.ts';
import { withDeadline } from './deadline.ts';
import { type Delivery, MAX_DELIVERIES } from './delivery.ts';
import { JobFault } from './job-fault.ts';
import { createOutputs, type Outputs } from './outputs.ts';
import { createProgressTeller } from './progress-teller.ts';
import { commitResult } from './result-store.ts';
import { runEncode } from './run-encode.ts';
import { runGenerate } from './run-generate.ts';
import { StoppedError } from './stopped.ts';

/**
 * Runs the job and commits its result; resolves with the result that counts, which may be another attempt's. Rejects with StoppedError when
 * it must not go on, with JobFault when the job cannot end well; what was uploaded is taken back then.
 */
export async function workOn(message: QueueMessage, delivery: Delivery): Promise<JobResult> {
  await claim(message, delivery);
  const { store } = delivery;
  const outputs = createOutputs(store);
  const result = await run(message, delivery, outputs).catch(async (error) => {
    await outputs.discard();
    throw error;
  });
  return commitResult(message, result, { store, outputs });
}

/** Makes this the job's newest attempt, and refuses what no attempt here should be spent on. */
async function claim(message: QueueMessage, { engine, reporter, count, signal }: Delivery): Promise<void> {
  const answer = await reporter.started(signal);
  if (answer.action === 'stop') {
    throw new StoppedError(answer.reason);
  }
  if (count > MAX_DELIVERIES) {
    throw new JobFault('engine_failed', `${MAX_DELIVERIES} attempts ended without a word`, { transient: false });
  }
  if (message.model !== engine.model.fingerprint) {
    const mismatch = `expected a worker with model ${message.model}, got one with ${engine.model.fingerprint}`;
    throw new JobFault('model_mismatch', mismatch, { transient: true }); // other workers may have it
  }
}

async function run(message: QueueMessage, delivery: Delivery, outputs: Outputs): Promise<JobResult> {
  const { clock } = delivery.edge;
  const unwanted = new AbortController();
  const teller = createProgressTeller({
    tell: delivery.reporter.progress,
    onStop: (reason) => unwanted.abort(new StoppedError(reason)),
    clock,
  });
  const wanted = AbortSignal.any([delivery.signal, unwanted.signal]);
  try {
    return await withDeadline({ deadline: message.deadline, clock, signal: wanted }, async (signal) => {
      // What comes back may have taken an engine down, so it runs by itself.
      const options = { signal, alone: delivery.count > 1, onProgress: teller.update };
      const attempt = {
        id: delivery.attemptId,
        engine: delivery.engine,
        store: delivery.store,
        outputs,
        clock,
        options,
      };
      const result = await (message.kind === 'encode' ? runEncode(message, attempt) : runGenerate(message, attempt));
      signal.throwIfAborted();
      return result;
    });
  } finally {
    await teller.close();
  }
}
