import { Graph } from '../../gpu-worker/ml/graph/graph.ts';
import { add } from '../../gpu-worker/ml/graph/ops.ts';
import { type OpenSession, openSession } from '../../gpu-worker/ml/runtime/session.ts';

/** WebGPU comes with the npm package, CUDA's libraries do not. */
const GPU_PROVIDERS = ['cuda', 'webgpu'] as const;
export type GpuProvider = (typeof GPU_PROVIDERS)[number];

/** The first GPU provider that runs anything on this machine. @throws with every provider's reason where there is none */
export async function findGpu(open: OpenSession = openSession): Promise<GpuProvider> {
  const reasons: string[] = [];
  for (const provider of GPU_PROVIDERS) {
    const graph = new Graph('probe');
    const x = graph.input('x', ['batch']);
    graph.output('y', add(x, x));
    try {
      const session = await open(graph, new Map(), { provider });
      await session.release();
      return provider;
    } catch (error) {
      reasons.push(`  ${provider}: ${(error as Error).message}`);
    }
  }
  throw new Error(`expected a GPU that ONNX Runtime can use, got none:\n${reasons.join('\n')}`);
}
