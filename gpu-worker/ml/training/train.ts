import type { InputTensor, Session } from '../runtime/session.ts';
import { adamWStep, clipGradientNorm } from './adamw.ts';
import type { LearningRate } from './learning-rate.ts';
import { entryAt, sharedVector, type VectorEntry, type VectorLayout } from './parameter-vector.ts';
import type { TrainingGraph } from './training-graph.ts';
import type { TrainingState } from './training-state.ts';

export type Batch = Readonly<Record<string, InputTensor>>;

export type TrainOptions = {
  /** Total; a state that has done some of them goes on from there. */
  steps: number;
  learningRate: LearningRate;
  /** A factor on the learning rate of a weight; 1 for all where left out. */
  rateFactor?: (entry: VectorEntry) => number;
  weightDecay?: number;
  /** Batches whose gradients are averaged into one step; as many of them at a time as there are replicas. */
  accumulate?: number;
  maxGradientNorm?: number;
  /** Decay of the moving average a step; without it none is kept. */
  averageDecay?: number;
  signal?: AbortSignal;
};

export type TrainProgress = {
  /** Steps done, this one included. */
  step: number;
  /** `loss` and its parts, the means over the step's batches. */
  losses: Readonly<Record<string, number>>;
  gradientNorm: number;
  learningRate: number;
  seconds: number;
};

/** A step whose numbers are not finite. The state is the last good one. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
}

/**
 * Trains in place: each turn of the generator is one AdamW step on `state`. `batchOf(step, part)` must depend on its arguments alone: then a
 * resumed run repeats an unbroken one exactly. `replicas` are sessions of the training graph: each computes one of a step's batches, at the same
 * time as the others, and as the next batches are prepared, where they have threads of their own. Stops early, between two steps, when
 * `signal` aborts.
 *
 * @throws DivergedError naming step and tensor, before anything of that step is applied.
 */
export async function* train(
  { layout, lossNames }: TrainingGraph,
  replicas: readonly Session[],
  batchOf: (step: number, part: number) => Promise<Batch>,
  state: TrainingState,
  options: TrainOptions,
): AsyncGenerator<TrainProgress> {
  const {
    steps,
    learningRate,
    rateFactor = () => 1,
    weightDecay,
    accumulate = 1,
    maxGradientNorm = 1,
    averageDecay,
    signal,
  } = options;
  const moments = { first: state.firstMoment, second: state.secondMoment };
  const parameters = { data: state.parameters, shape: [layout.length] };
  const gradients = replicas.map(() => ({ data: sharedVector(layout.length), shape: [layout.length] }));
  const sum = accumulate === 1 ? gradients[0].data : new Float32Array(layout.length);
  const prepare = (step: number, from: number): Promise<Batch[]> => {
    if (from === 0 && (step >= steps || signal?.aborted)) return Promise.resolve([]);
    const parts = Array.from({ length: Math.min(replicas.length, accumulate - from) }, (_, index) => from + index);
    const batches = Promise.all(parts.map((part) => batchOf(step, part)));
    batches.catch(() => {}); // it is awaited when its turn comes
    return batches;
  };
  let upcoming = prepare(state.step, 0);
  try {
    while (state.step < steps && !signal?.aborted) {
      const started = performance.now();
      const losses = Object.fromEntries(lossNames.map((name) => [name, 0]));
      if (accumulate > 1) sum.fill(0);
      for (let done = 0; done < accumulate; done += replicas.length) {
        const batches = await upcoming;
        const runs = batches.map((batch, index) =>
          replicas[index].run({ ...batch, parameters }, { gradient: gradients[index] }),
        );
        const isLast = done + replicas.length >= accumulate;
        upcoming = isLast ? prepare(state.step + 1, 0) : prepare(state.step, done + replicas.length);
        for (const [index, outputs] of (await Promise.all(runs)).entries()) {
          for (const name of lossNames) losses[name] += outputs[name].data[0] / accumulate;
          if (accumulate > 1) addShare(sum, gradients[index].data, accumulate);
        }
      }
      const gradientNorm = clipGradientNorm(sum, maxGradientNorm);
      requireFinite(state.step + 1, losses, gradientNorm, { layout, gradient: sum });
      const rate = learningRate(state.step);
      state.step++;
      for (const { from, to, factor } of runsOfEqualFactor(layout.entries, rateFactor)) {
        const step = { learningRate: rate * factor, weightDecay, step: state.step, from, to };
        adamWStep(state.parameters, sum, moments, step);
      }
      if (averageDecay !== undefined) updateAverage(state, averageDecay);
      const seconds = (performance.now() - started) / 1000;
      yield { step: state.step, losses, gradientNorm, learningRate: rate, seconds };
    }
  } finally {
    await upcoming.catch(() => {}); // what it reads from may be closed next
  }
}

function requireFinite(
  step: number,
  losses: TrainProgress['losses'],
  gradientNorm: number,
  { layout, gradient }: { layout: VectorLayout; gradient: Float32Array },
): void {
  for (const [name, loss] of Object.entries(losses))
    if (!Number.isFinite(loss)) throw new DivergedError(`step ${step}: ${name} is ${loss}`);
  if (Number.isFinite(gradientNorm)) return;
  const { checkpoint, key } = entryAt(
    layout,
    gradient.findIndex((value) => !Number.isFinite(value)),
  );
  throw new DivergedError(`step ${step}: the gradient of ${checkpoint}/${key} is not finite`);
}

function addShare(sum: Float32Array, gradient: Float32Array, shares: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] += gradient[i] / shares;
}

/** Early on the average follows quickly, so that it is not an average with the starting weights. */
function updateAverage({ step, parameters, average }: TrainingState, decay: number): void {
  const kept = Math.min(decay, (1 + step) / (10 + step));
  for (let i = 0; i < average.length; i++) average[i] = kept * average[i] + (1 - kept) * parameters[i];
}

function runsOfEqualFactor(entries: readonly VectorEntry[], rateFactor: (entry: VectorEntry) => number) {
  const runs: { from: number; to: number; factor: number }[] = [];
  for (const entry of entries) {
    const factor = rateFactor(entry);
    const last = runs.at(-1);
    if (last?.factor === factor) last.to = entry.offset + entry.length;
    else runs.push({ from: entry.offset, to: entry.offset + entry.length, factor });
  }
  return runs;
}
