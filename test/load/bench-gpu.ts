import { formatTable } from '../../gpu-worker/cli/format.ts';
import { networkGraphs } from '../../gpu-worker/ml/elite/network-graphs.ts';
import { maxRelativeError } from '../../gpu-worker/ml/evaluation/array-error.ts';
import type { Graph, Value } from '../../gpu-worker/ml/graph/graph.ts';
import { cuda, UNVERIFIED_ON_CUDA } from '../../gpu-worker/ml/graph/op-sets/cuda.ts';
import type { OpSet } from '../../gpu-worker/ml/graph/op-sets/op-set.ts';
import { portable } from '../../gpu-worker/ml/graph/op-sets/portable.ts';
import { primitive } from '../../gpu-worker/ml/graph/op-sets/primitive.ts';
import { type InputTensor, openSession, type Session } from '../../gpu-worker/ml/runtime/session.ts';
import { openModelFolder } from '../../gpu-worker/ml/weights/open-model-folder.ts';
import { countFlops } from './count-flops.ts';
import { median, time } from './measure.ts';

/** Rows of a denoising call, or pictures, that a server would have in one batch. */
const BATCHES = [1, 2, 4, 8];

const PICTURE = { width: 512, height: 512 };

/**
 * Runs the networks made of feature maps on the CUDA provider, as the portable graph and as the fused half-precision one, against the portable
 * graph on the processor: largest relative error, and time by batch size.
 *
 * @throws where there is no CUDA provider, or it refuses an operator
 */
export async function benchGpu(folder: string, runs: number): Promise<void> {
  const { config, checkpoints } = openModelFolder(folder);
  const graphs = (ops: OpSet) => {
    const { unet, vaeDecoder } = networkGraphs(config, ops);
    return [unet(PICTURE), vaeDecoder(PICTURE)];
  };
  const rows: string[][] = [];
  for (const [index, plain] of graphs(primitive).entries()) {
    for (const ops of [portable, cuda]) {
      const graph = graphs(ops)[index];
      const session = await openOnGpu(graph);
      const expected = await runOnProcessor(graphs(portable)[index]);
      const error = maxRelativeError(Object.values(await session.run(inputsOf(graph, 1)))[0].data, expected);
      for (const batch of BATCHES) {
        const inputs = inputsOf(graph, batch);
        await session.run(inputs); // cuDNN searches for its algorithms at each new shape
        const seconds: number[] = [];
        for (let run = 0; run < runs; run++) seconds.push((await time(() => session.run(inputs))).seconds);
        const teraflops = countFlops(plain, batch) / median(seconds) / 1e12;
        rows.push([
          graph.name,
          ops.name,
          String(batch),
          `${(1000 * median(seconds)).toFixed(1)} ms`,
          teraflops.toFixed(1),
          error.toExponential(1),
        ]);
      }
      await session.release();
    }
  }
  console.log(formatTable([['network', 'operators', 'batch', 'median', 'TFLOP/s', 'error'], ...rows], [2, 3, 4, 5]));
  console.log(`\nrun here for the first time, if nobody has told you otherwise: ${UNVERIFIED_ON_CUDA.join(', ')}`);

  async function openOnGpu(graph: Graph): Promise<Session> {
    try {
      return await openSession(graph, checkpoints, { provider: 'cuda' });
    } catch (cause) {
      throw new Error(
        `${graph.name}: expected a CUDA provider that takes it (ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node)`,
        { cause },
      );
    }
  }

  async function runOnProcessor(graph: Graph): Promise<Float32Array> {
    const session = await openSession(graph, checkpoints);
    const outputs = await session.run(inputsOf(graph, 1));
    await session.release();
    return Object.values(outputs)[0].data;
  }
}

function inputsOf(graph: Graph, batch: number): Record<string, InputTensor> {
  return Object.fromEntries(graph.inputs.map((input) => [input.name, inputOf(input, batch)]));
}

/** Numbers of unit variance, the same in every row; token 5, timestep 500 and strength 0.8. */
function inputOf({ name, shape, dtype }: Value, batch: number): InputTensor {
  const sizes = shape.map((dim) => (typeof dim === 'number' ? dim : batch));
  const count = sizes.reduce((product, size) => product * size, 1);
  if (dtype === 'int32') return { data: new Int32Array(count).fill(5), shape: sizes };
  const fixed = { timestep: 500, strength: 0.8 }[name];
  const data = Float32Array.from({ length: count }, (_, i) => {
    const position = i % (count / batch);
    return fixed ?? Math.SQRT2 * Math.sin(position * position * 0.37);
  });
  return { data, shape: sizes };
}
