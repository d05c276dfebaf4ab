import type { Graph } from '../graph/graph.ts';
import type { Checkpoints } from '../weights/bind-weights.ts';
import { type InputTensor, type OpenSession, openSession, type Session, type SessionOptions } from './session.ts';

export type OpenOptions = SessionOptions & {
  /** ONNX Runtime's way when left out. */
  readonly openSession?: OpenSession;
};

/** Whether something else than the processor runs the graphs. */
export function isAccelerated({ provider = 'cpu' }: SessionOptions): boolean {
  return provider !== 'cpu';
}

/**
 * Opens a session. An accelerator searches for the fastest algorithms anew at each size it meets, which takes seconds, so there it is run once with
 * zeros at each of `batchSizes` first.
 */
export async function openWarmSession(
  graph: Graph,
  checkpoints: Checkpoints,
  batchSizes: readonly number[],
  { openSession: open = openSession, ...options }: OpenOptions,
): Promise<Session> {
  const session = await open(graph, checkpoints, options);
  if (!isAccelerated(options)) return session;
  try {
    for (const batch of batchSizes)
      await session.run(Object.fromEntries(graph.inputs.map((input) => [input.name, zeros(input, batch)])));
    return session;
  } catch (error) {
    await session.release();
    throw error;
  }
}

function zeros({ shape, dtype }: Graph['inputs'][number], batch: number): InputTensor {
  const sizes = shape.map((dim) => (typeof dim === 'number' ? dim : batch));
  const count = sizes.reduce((product, size) => product * size, 1);
  if (dtype === 'int32') return { data: new Int32Array(count), shape: sizes };
  return { data: new Float32Array(count), shape: sizes };
}
