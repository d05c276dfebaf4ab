import type { Logger } from 'pino';
import type { Clock } from './clock.ts';
import { type Disposition, retryDelaySeconds, SOON_SECONDS } from './disposition.ts';
import { withHeartbeat } from './heartbeat.ts';
import type { JobQueue, ReceivedMessage } from './job-queue.ts';
import { StoppedError } from './stopped.ts';

const RECEIVE_RETRY_MS = 2000;

type ConsumerOptions = {
  readonly concurrency: number; // messages held at once
  readonly visibilityTimeoutSeconds: number; // the one that queue.receive asks for
  /** How long jobs may go on after the stop before they are handed back. */
  readonly drainTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly stop: AbortSignal;
};

/** Its signal aborts with a StoppedError; the message is held until the handler has settled all the same. */
export type MessageHandler = (message: ReceivedMessage, signal: AbortSignal) => Promise<Disposition>;

/**
 * Receives, holds each message by a heartbeat, handles and settles it, until `stop` aborts; then lets what runs come to its end, hands back
 * what does not in time, and resolves with nothing running and nothing held.
 */
export async function consume(queue: JobQueue, handle: MessageHandler, options: ConsumerOptions): Promise<void> {
  const { concurrency, visibilityTimeoutSeconds, drainTimeoutMs, clock, log, stop } = options;
  const handBack = new AbortController();
  const drained = new AbortController();
  stop.addEventListener('abort', () => {
    clock.sleep(drainTimeoutMs, drained.signal).then(
      () => handBack.abort(new StoppedError('draining')),
      () => {},
    );
  });

  async function lane(): Promise<void> {
    while (!stop.aborted) {
      for (const message of await receive()) {
        await dispose(message, stop.aborted ? { action: 'retry', delaySeconds: SOON_SECONDS } : await work(message));
      }
    }
  }

  /** A poll is never cut short by the stop: the queue could have handed out a message that nobody then holds. */
  async function receive(): Promise<readonly ReceivedMessage[]> {
    try {
      return await queue.receive(1);
    } catch (error) {
      log.warn({ err: error }, 'the queue cannot be read, trying again');
      await clock.sleep(RECEIVE_RETRY_MS, stop).catch(() => {});
      return [];
    }
  }

  async function work(message: ReceivedMessage): Promise<Disposition> {
    const leaseMs = visibilityTimeoutSeconds * 1000;
    const renew = () => queue.hide(message, visibilityTimeoutSeconds);
    try {
      return await withHeartbeat({ leaseMs, renew, clock }, (lost) =>
        handle(message, AbortSignal.any([lost, handBack.signal])),
      );
    } catch (error) {
      log.error({ err: error }, 'the handler failed');
      return { action: 'retry', delaySeconds: retryDelaySeconds(message.receiveCount) };
    }
  }

  async function dispose(message: ReceivedMessage, disposition: Disposition): Promise<void> {
    try {
      switch (disposition.action) {
        case 'delete':
          return await queue.delete(message);
        case 'retry':
          return await queue.hide(message, disposition.delaySeconds);
        case 'leave':
          return;
      }
    } catch (error) {
      log.warn({ err: error, disposition }, 'a message could not be settled and comes back when its visibility ends');
    }
  }

  await Promise.all(Array.from({ length: concurrency }, lane)).finally(() => drained.abort());
}
