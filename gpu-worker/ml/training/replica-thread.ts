import { parentPort, workerData } from 'node:worker_threads';
import { loadGraph } from '../runtime/session.ts';
import type { ReplicaReply, ReplicaRequest } from './replicas.ts';

/** Runs a training graph in a thread of its own, because `Session.run` blocks the one that it is called on. */
const session = await loadGraph(workerData);

parentPort!.on('message', async (request: ReplicaRequest) => {
  if (request === 'end') {
    await session.release();
    parentPort!.close();
  } else {
    parentPort!.postMessage(await reply(request).catch((error): ReplicaReply => ({ error })));
  }
});

async function reply({ inputs, into = {}, wanted }: Exclude<ReplicaRequest, 'end'>): Promise<ReplicaReply> {
  const outputs = await session.run(inputs, into, wanted);
  return { outputs: Object.fromEntries(Object.entries(outputs).filter(([name]) => !(name in into))) };
}
