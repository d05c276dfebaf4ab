import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { modelDescriptionSchema } from '../../shared/model-description.ts';
import { type Front, startFront } from './front.ts';
import type { WriteLine } from './log-lines.ts';
import { type LocalWorker, startWorker } from './worker.ts';

const READY_POLL_MS = 100;

export type StackOptions = {
  readonly modelDir: string;
  readonly write: WriteLine; // log lines of all processes
  readonly port?: number; // any free one when left out
  readonly signal?: AbortSignal; // gives up starting
};

/** The whole system on this machine. */
export type Stack = Omit<Front, 'workerSettings'> & {
  readonly worker: LocalWorker;
  /** Ends every process, the worker first, so that it can hand back what it holds. Nothing is kept. */
  stop(): Promise<void>;
};

/** A queue on loopback costs nothing to ask, and a killed worker or a Ctrl-C should not take long to see. */
const QUICK_TO_NOTICE = { VISIBILITY_TIMEOUT_SECONDS: '10', POLL_SECONDS: '1', DRAIN_TIMEOUT_SECONDS: '10' };

const modelListSchema = z.object({ data: z.array(modelDescriptionSchema) });

/** Starts queue, edge and worker on loopback; resolves when a model is announced. When that fails, nothing stays behind. */
export async function startStack({ modelDir, write, port, signal }: StackOptions): Promise<Stack> {
  await using started = new AsyncDisposableStack();
  const { workerSettings, stop, ...front } = await startFront({ write, port });
  started.defer(stop);

  signal?.throwIfAborted();
  const env = { ...workerSettings, MODEL_DIR: modelDir, ...QUICK_TO_NOTICE };
  const worker = startWorker({ env, write, signal });
  started.defer(worker.stop);
  await worker.ready;
  await modelAnnounced(front.url, signal);

  const running = started.move();
  return { ...front, worker, stop: () => running.disposeAsync() };
}

/** The edge may take a moment to see what the worker announces. */
async function modelAnnounced(url: string, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const response = await fetch(new URL('/v1/models', url), { signal });
    const models = response.ok ? modelListSchema.parse(await response.json()).data : [];
    if (models.length > 0) {
      return;
    }
    await sleep(READY_POLL_MS, undefined, { signal });
  }
}
