import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Graph } from '../graph/graph.ts';
import { type FloatTensor, type InputTensor, openSession, prepareGraph, type Session } from '../runtime/session.ts';
import type { Checkpoints } from '../weights/bind-weights.ts';

/** What a replica's thread is asked for, one at a time: a run, whose `into` lies in shared memory, or its end. */
export type ReplicaRequest = ReplicaRun | 'end';

type ReplicaRun = {
  readonly inputs: Readonly<Record<string, InputTensor>>;
  readonly into?: Readonly<Record<string, FloatTensor>>;
  readonly wanted?: readonly string[];
};

/** All outputs that no `into` was there for. */
export type ReplicaReply = { readonly outputs: Readonly<Record<string, FloatTensor>> } | { readonly error: unknown };

/** Bundled for the command line, this file and the thread's end in .js. */
const THREAD = new URL(`./replica-thread${extname(import.meta.url)}`, import.meta.url);

/** Threads of a session that prepares batches while replicas compute: more of them would wait for work on the replicas' cores. */
export const besideReplicas = 1;

/**
 * Opens a training graph `count` times, but no more often than there are threads, with an equal share of them each. A small network's operators
 * are too short for threads to share well, whole batches are not: two replicas of one thread get through a third more pictures than one of two.
 */
export async function openReplicas(
  graph: Graph,
  frozen: Checkpoints,
  { count, threads = availableParallelism() }: { count: number; threads?: number },
): Promise<Session[]> {
  const replicas = Math.min(count, threads);
  if (replicas === 1) return [await openSession(graph, frozen, { threads, training: true })];
  const prepared = prepareGraph(graph, frozen, { threads: Math.floor(threads / replicas), training: true });
  return Array.from({ length: replicas }, () =>
    startReplica(prepared.name, new Worker(THREAD, { workerData: prepared })),
  );
}

/** A session in a thread of its own: `run` does not block. */
function startReplica(name: string, thread: Worker): Session {
  let pending: PromiseWithResolvers<Readonly<Record<string, FloatTensor>>> | undefined;
  let failure: unknown;
  const settle = (reply: ReplicaReply) => {
    if ('error' in reply) pending?.reject(reply.error);
    else pending?.resolve(reply.outputs);
    pending = undefined;
  };
  const fail = (error: unknown) => {
    failure ??= error;
    settle({ error: failure });
  };
  const ended = Promise.withResolvers<void>();
  thread.on('message', settle);
  thread.on('error', fail);
  thread.on('exit', (code) => {
    fail(new Error(`${name}: a replica's thread ended with code ${code}`));
    ended.resolve();
  });
  return {
    name,
    run: async (inputs, into, wanted) => {
      if (failure) throw failure;
      pending = Promise.withResolvers();
      thread.postMessage({ inputs, into, wanted } satisfies ReplicaRequest);
      return { ...(await pending.promise), ...into };
    },
    // A thread that is terminated while ONNX Runtime works takes the process with it.
    release: async () => {
      thread.postMessage('end' satisfies ReplicaRequest);
      await ended.promise;
    },
  };
}
