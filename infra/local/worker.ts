import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WriteLine } from './log-lines.ts';
import { startProcess, stopProcess } from './managed-process.ts';

const RESTART_DELAY_MS = 500;
/** Above the worker's own drain time-out. */
const STOP_GRACE_MS = 15_000;

export type LocalWorker = {
  /** The process of the moment. */
  process(): ChildProcess;
  /** Rejects when the worker ends before it was ready. Later on one that ends is started again, as a container service would. */
  readonly ready: Promise<void>;
  stop(): Promise<void>;
};

type WorkerOptions = {
  readonly env: Readonly<Record<string, string>>;
  readonly write: WriteLine;
  readonly signal?: AbortSignal; // gives up waiting for it to be ready
};

export function startWorker({ env, write, signal }: WorkerOptions): LocalWorker {
  const ready = Promise.withResolvers<void>();
  signal?.addEventListener('abort', () => ready.reject(signal.reason), { once: true });
  const stopping = new AbortController();
  let wasReady = false;
  let current = start();

  function start(): ChildProcess {
    const child = startProcess({
      name: 'worker',
      module: new URL('../../gpu-worker/main.ts', import.meta.url),
      env,
      write,
    });
    child.once('message', () => {
      wasReady = true;
      ready.resolve();
    });
    child.once('exit', (code, signal) => onExit(signal ?? `code ${code}`));
    return child;
  }

  async function onExit(how: string): Promise<void> {
    if (stopping.signal.aborted) {
      return;
    }
    if (!wasReady) {
      ready.reject(new Error(`expected the worker to load its model, it ended with ${how}`));
      return;
    }
    write(`worker │ ended with ${how}, starting another`);
    await sleep(RESTART_DELAY_MS);
    if (!stopping.signal.aborted) {
      current = start();
    }
  }

  return {
    process: () => current,
    ready: ready.promise,
    stop: () => {
      stopping.abort();
      return stopProcess(current, STOP_GRACE_MS);
    },
  };
}
