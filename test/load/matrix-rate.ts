import { Graph } from '../../gpu-worker/ml/graph/graph.ts';
import { gemm } from '../../gpu-worker/ml/graph/ops.ts';
import { openSession, type SessionOptions } from '../../gpu-worker/ml/runtime/session.ts';
import { time } from './measure.ts';

/** A product of the size that the UNet's middle levels have, large enough to run at the machine's full rate. */
const SHAPE = { m: 4096, k: 1280, n: 1280 };
const REPEATS = 6;

/** FLOP a second of wall time and of processor time; the second is steadier where others use the machine too. */
export type MatrixRate = { readonly perSecond: number; readonly perCpuSecond: number };

/**
 * Measures the machine's own rate of float32 matrix products, which nothing made of them can pass: the best of a few.
 */
export async function openMatrixRate(
  options: SessionOptions,
): Promise<{ measure(): Promise<MatrixRate>; release(): Promise<void> }> {
  const { m, k, n } = SHAPE;
  const graph = new Graph('matrix_product');
  graph.output('product', gemm(graph.input('a', [m, k]), graph.input('b', [k, n]), null));
  const session = await openSession(graph, new Map(), options);
  const a = { data: new Float32Array(m * k).fill(0.5), shape: [m, k] };
  const b = { data: new Float32Array(k * n).fill(0.5), shape: [k, n] };
  const flops = 2 * m * k * n;
  return {
    measure: async () => {
      let [perSecond, perCpuSecond] = [0, 0];
      for (let i = 0; i < REPEATS; i++) {
        const { seconds, cpuSeconds } = await time(() => session.run({ a, b }));
        perSecond = Math.max(perSecond, flops / seconds);
        perCpuSecond = Math.max(perCpuSecond, flops / cpuSeconds);
      }
      return { perSecond, perCpuSecond };
    },
    release: session.release,
  };
}
