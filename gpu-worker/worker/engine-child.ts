import type { ChildProcess } from 'node:child_process';
import type { ModelDescription } from '../../shared/model-description.ts';
import {
  type Encoded,
  type EncodeRequest,
  type EngineReply,
  type EngineRequest,
  engineReplySchema,
  type Generated,
  type GenerateRequest,
  type LoadRequest,
} from '../engine/protocol.ts';
import type { Clock } from './clock.ts';
import { JobFault } from './job-fault.ts';

/** A step of the largest model on a CPU takes 14 s, decoding an image twice that; who is silent for longer hangs. */
const CANCEL_GRACE_MS = 120_000;

export type RunOptions = {
  readonly signal: AbortSignal;
  readonly onProgress?: (step: number, steps: number) => void;
};

type FinalReply = Exclude<EngineReply, { type: 'ready' | 'progress' }>;
type RunningJob = RunOptions & { resolve(reply: FinalReply): void; reject(error: unknown): void };

/** One life of the engine process. */
export type EngineChild = {
  readonly ready: Promise<ModelDescription>; // rejects with JobFault when it dies before
  readonly exited: Promise<string>; // resolves with how it ended
  /**
   * Rejects with JobFault, `engine_failed` when the process died, whatever of; or with the signal's reason, and that only when the engine
   * has let go of the job.
   */
  run(request: EncodeRequest | GenerateRequest, options: RunOptions): Promise<Encoded | Generated>;
  kill(): void;
};

export function startEngineChild(child: ChildProcess, load: LoadRequest, clock: Clock): EngineChild {
  const jobs = new Map<string, RunningJob>();
  const ready = Promise.withResolvers<ModelDescription>();
  const exited = Promise.withResolvers<string>();
  const kill = () => child.kill('SIGKILL');
  ready.promise.catch(() => {}); // whoever waits for it hears of it

  child.on('message', onMessage);
  child.once('exit', (code, signal) => onEnd(signal ? `signal ${signal}` : `code ${code}`));
  child.on('error', (error) => (child.pid === undefined ? onEnd(error.message) : kill()));

  function onMessage(message: unknown): void {
    const reply = engineReplySchema.safeParse(message);
    if (reply.success) {
      onReply(reply.data);
    } else {
      child.off('message', onMessage); // who breaks the protocol once is not listened to again
      kill();
    }
  }

  function onEnd(how: string): void {
    ready.reject(new JobFault('engine_failed', `the engine ended with ${how} before its model was loaded`));
    for (const job of jobs.values()) {
      job.reject(
        job.signal.aborted ? job.signal.reason : new JobFault('engine_failed', `the engine ended with ${how}`),
      );
    }
    exited.resolve(how);
  }

  function onReply(reply: EngineReply): void {
    switch (reply.type) {
      case 'ready':
        ready.resolve(reply.model);
        break;
      case 'progress':
        jobs.get(reply.job)?.onProgress?.(reply.step, reply.steps);
        break;
      default:
        jobs.get(reply.job)?.resolve(reply);
    }
  }

  function send(request: EngineRequest): void {
    if (child.connected) {
      child.send(request);
    }
  }

  send(load);
  return {
    ready: ready.promise,
    exited: exited.promise,
    kill,
    async run(request, options) {
      const { signal } = options;
      signal.throwIfAborted();
      if (!child.connected) {
        throw new JobFault('engine_failed', 'the engine is gone');
      }
      const { promise, resolve, reject } = Promise.withResolvers<FinalReply>();
      const settled = new AbortController();
      const cancel = () => {
        send({ type: 'cancel', job: request.job });
        clock.sleep(CANCEL_GRACE_MS, settled.signal).then(kill, () => {});
      };
      jobs.set(request.job, { ...options, resolve, reject });
      signal.addEventListener('abort', cancel, { once: true });
      send(request);
      try {
        const reply = await promise;
        switch (reply.type) {
          case 'failed':
            throw new JobFault(reply.code, reply.message);
          case 'stopped':
            throw signal.reason;
          default:
            return reply;
        }
      } finally {
        jobs.delete(request.job);
        signal.removeEventListener('abort', cancel);
        settled.abort();
      }
    },
  };
}
