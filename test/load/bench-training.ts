import { freemem } from 'node:os';
import { formatBytes, formatTable } from '../../gpu-worker/cli/format.ts';
import { estimateMemory } from '../../gpu-worker/ml/autodiff/memory.ts';
import { staticElementCount } from '../../gpu-worker/ml/graph/dims.ts';
import type { Graph } from '../../gpu-worker/ml/graph/graph.ts';
import { vaeFactor } from '../../gpu-worker/ml/models/vae.ts';
import { type InputTensor, openSession } from '../../gpu-worker/ml/runtime/session.ts';
import { initialWeights } from '../../gpu-worker/ml/training/initial-weights.ts';
import { constantRate } from '../../gpu-worker/ml/training/learning-rate.ts';
import { loadInto } from '../../gpu-worker/ml/training/parameter-vector.ts';
import { unetProjections } from '../../gpu-worker/ml/training/projections.ts';
import { globalStage } from '../../gpu-worker/ml/training/stages/global-stage.ts';
import { localStage } from '../../gpu-worker/ml/training/stages/local-stage.ts';
import { type Batch, train } from '../../gpu-worker/ml/training/train.ts';
import { startState } from '../../gpu-worker/ml/training/training-state.ts';
import { openModelFolder } from '../../gpu-worker/ml/weights/open-model-folder.ts';
import { processMemory, time } from './measure.ts';

const SIDE_PX = 256;
const NEEDED_BYTES = 20e9;

const STAGES = [
  { name: 'global', build: globalStage, checkpoint: 'global_mapper' },
  { name: 'local', build: localStage, checkpoint: 'local_mapper' },
] as const;

/** One AdamW step of each of the paper's stages on a model folder, a picture of 256² a batch, with the memory it takes; on made-up batches. */
export async function benchTraining(folder: string, threads?: number): Promise<void> {
  if (freemem() < NEEDED_BYTES) {
    console.log(
      `expected ${formatBytes(NEEDED_BYTES)} of free memory, got ${formatBytes(freemem())}: nothing measured`,
    );
    return;
  }
  const { config, checkpoints } = openModelFolder(folder);
  const latentSize = SIDE_PX / vaeFactor(config.vae);
  const rows: string[][] = [];
  for (const { name, build, checkpoint } of STAGES) {
    const training = build(config, { batchSize: 1, latentSize });
    const { graph, layout } = training;
    const weights = initialWeights(layout, 1);
    loadInto(weights, layout, checkpoint, unetProjections(checkpoints.get('unet')!));
    const state = startState(weights, { averaged: false });
    const session = await openSession(graph, checkpoints, { threads, training: true });
    const batch = madeUpBatch(graph);
    const steps = train(training, [session], async () => batch, state, { steps: 2, learningRate: constantRate(1e-6) });
    await steps.next(); // allocates, and reads the weights from the disk
    const { seconds, cpuSeconds } = await time(async () => void (await steps.next()));
    const { privateBytes, peakBytes } = processMemory();
    await session.release();
    const { inputs, peakActivations } = estimateMemory(graph);
    const bytes = [inputs, peakActivations, privateBytes, peakBytes].map(formatBytes);
    rows.push([name, `${seconds.toFixed(1)} s`, `${cpuSeconds.toFixed(1)} s`, ...bytes]);
  }
  console.log(
    formatTable(
      [['stage', 'step', 'cpu', 'weights', 'activations, computed', 'private', 'peak resident'], ...rows],
      [1, 2, 3, 4, 5, 6],
    ),
  );
}

function madeUpBatch(graph: Graph): Batch {
  const inputs = graph.inputs.filter(({ name }) => name !== 'parameters');
  const batch = inputs.map(({ name, shape, dtype }): [string, InputTensor] => {
    const sizes = shape.map(Number);
    const length = staticElementCount(shape);
    if (dtype === 'int32') return [name, { data: new Int32Array(length).fill(1), shape: sizes }];
    const isShare = /mask|strength/.test(name);
    return [name, { data: Float32Array.from({ length }, (_, i) => (isShare ? 1 : Math.cos(i))), shape: sizes }];
  });
  return Object.fromEntries(batch);
}
