import { formatTable } from '../../gpu-worker/cli/format.ts';
import { BATCH_BUCKETS } from '../../gpu-worker/ml/elite/batch-buckets.ts';
import { networkGraphs } from '../../gpu-worker/ml/elite/network-graphs.ts';
import { unverifiedNote } from '../../gpu-worker/ml/elite/targets.ts';
import { maxRelativeError } from '../../gpu-worker/ml/evaluation/array-error.ts';
import type { Graph } from '../../gpu-worker/ml/graph/graph.ts';
import { cuda } from '../../gpu-worker/ml/graph/op-sets/cuda.ts';
import type { OpSet } from '../../gpu-worker/ml/graph/op-sets/op-set.ts';
import { portable } from '../../gpu-worker/ml/graph/op-sets/portable.ts';
import { primitive } from '../../gpu-worker/ml/graph/op-sets/primitive.ts';
import { vaeFactor } from '../../gpu-worker/ml/models/vae.ts';
import { type OpenSession, openSession, type Session } from '../../gpu-worker/ml/runtime/session.ts';
import { openModelFolder } from '../../gpu-worker/ml/weights/open-model-folder.ts';
import { countFlops } from './count-flops.ts';
import type { GpuProvider } from './find-gpu.ts';
import { graphInputs } from './graph-inputs.ts';
import { median, time } from './measure.ts';

/** What each provider can be asked to run: WebGPU has none of the operators made for CUDA. */
const OPERATORS: Readonly<Record<GpuProvider, readonly OpSet[]>> = {
  cuda: [portable, cuda],
  webgpu: [portable],
};

type BenchOptions = {
  readonly provider: GpuProvider;
  /** Timed runs of each network at each batch size. */
  readonly runs: number;
  readonly batchSizes?: readonly number[];
  /** ONNX Runtime's way when left out. */
  readonly openSession?: OpenSession;
};

/**
 * Runs the networks that take the time on the machine's GPU, as portable graphs and, on CUDA, as fused half-precision ones, against the portable
 * graph on the processor. Returns a table: largest relative error, and time by batch size.
 *
 * @throws ProviderError where the GPU refuses a graph
 */
export async function benchGpu(
  folder: string,
  { provider, runs, batchSizes = BATCH_BUCKETS, openSession: open = openSession }: BenchOptions,
): Promise<string> {
  const { config, sampleSize, checkpoints } = openModelFolder(folder);
  const side = sampleSize * vaeFactor(config.vae);
  const graphsOf = (ops: OpSet) => {
    const { unet, shallowUNet, vaeDecoder } = networkGraphs(config, ops);
    const picture = { width: side, height: side };
    return [unet(picture), shallowUNet(picture), vaeDecoder(picture)];
  };
  const rows: string[][] = [];
  for (const [index, plain] of graphsOf(primitive).entries()) {
    const processor = await open(graphsOf(portable)[index], checkpoints, { provider: 'cpu' });
    const expected = await runFirst(processor, plain, 1);
    await processor.release();
    for (const ops of OPERATORS[provider]) {
      const session = await open(graphsOf(ops)[index], checkpoints, { provider });
      const error = maxRelativeError(await runFirst(session, plain, 1), expected);
      for (const batch of batchSizes) {
        const seconds = await timeRuns(() => runFirst(session, plain, batch), runs);
        const teraflops = countFlops(plain, batch) / seconds / 1e12;
        rows.push([
          plain.name,
          ops.name,
          String(batch),
          `${(1000 * seconds).toFixed(1)} ms`,
          teraflops.toFixed(1),
          error.toExponential(1),
        ]);
      }
      await session.release();
    }
  }
  const table = formatTable([['network', 'operators', 'batch', 'median', 'TFLOP/s', 'error'], ...rows], [2, 3, 4, 5]);
  const note = provider === 'cuda' ? `\n\n${unverifiedNote('cuda')}` : '';
  return `${folder} on ${provider}, ${side}×${side}\n\n${table}${note}`;
}

/** One run for the graph's first output: what a step without reuse asks for. */
async function runFirst(session: Session, graph: Graph, batch: number): Promise<Float32Array> {
  const [{ name }] = graph.outputs;
  return (await session.run(graphInputs(graph, batch), {}, [name]))[name].data;
}

/** The median of so many runs in seconds, after one in which the provider looks for its algorithms. */
async function timeRuns(run: () => Promise<unknown>, runs: number): Promise<number> {
  await run();
  const seconds: number[] = [];
  for (let i = 0; i < runs; i++) seconds.push((await time(run)).seconds);
  return median(seconds);
}
