import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Graph } from '../../../gpu-worker/ml/graph/graph.ts';
import { primitive } from '../../../gpu-worker/ml/graph/op-sets/primitive.ts';
import { abs, multiply, reduceMean, sqrt, subtract, tanh } from '../../../gpu-worker/ml/graph/ops.ts';
import { rootScope } from '../../../gpu-worker/ml/graph/scope.ts';
import { linear } from '../../../gpu-worker/ml/layers/linear.ts';
import { openSession, type Session } from '../../../gpu-worker/ml/runtime/session.ts';
import { initialWeights } from '../../../gpu-worker/ml/training/initial-weights.ts';
import { constantRate, cosineRate } from '../../../gpu-worker/ml/training/learning-rate.ts';
import { createRandom } from '../../../gpu-worker/ml/training/random.ts';
import { openReplicas } from '../../../gpu-worker/ml/training/replicas.ts';
import { type Batch, DivergedError, type TrainOptions, train } from '../../../gpu-worker/ml/training/train.ts';
import { type TrainingGraph, trainingGraph } from '../../../gpu-worker/ml/training/training-graph.ts';
import {
  loadState,
  saveState,
  startState,
  type TrainingState,
} from '../../../gpu-worker/ml/training/training-state.ts';

const rows = 16;

/** A perceptron of two layers learning the sine of the sum of two numbers. */
function perceptron(): TrainingGraph {
  const graph = new Graph('perceptron');
  const at = rootScope(graph, 'net', primitive);
  const hidden = tanh(linear(at.at('first'), graph.input('x', [rows, 2]), 12));
  const error = subtract(linear(at.at('second'), hidden, 1), graph.input('y', [rows, 1]));
  return trainingGraph({ loss: reduceMean(multiply(error, error), [0, 1], { keepDims: false }) }, () => true);
}

async function batchOf(step: number, part: number): Promise<Batch> {
  const random = createRandom(1, step, part);
  const x = Float32Array.from({ length: rows * 2 }, () => random.uniform(-1, 1));
  const y = Float32Array.from({ length: rows }, (_, row) => Math.sin(2 * (x[2 * row] + x[2 * row + 1])));
  return { x: { data: x, shape: [rows, 2] }, y: { data: y, shape: [rows, 1] } };
}

const options: TrainOptions = { steps: 40, learningRate: constantRate(0.02), averageDecay: 0.9, accumulate: 2 };

describe('a run', () => {
  const model = perceptron();
  let session: Session;
  beforeAll(async () => {
    session = await openSession(model.graph, new Map(), { training: true, threads: 1 });
    return () => session.release();
  });
  const start = () => startState(initialWeights(model.layout, 3), { averaged: true });
  const run = async (state: TrainingState, more: Partial<TrainOptions> = {}, batches = batchOf) => {
    const losses: number[] = [];
    for await (const progress of train(model, [session], batches, state, { ...options, ...more }))
      losses.push(progress.losses.loss);
    return losses;
  };

  test('lowers its loss', async () => {
    const losses = await run(start(), { steps: 300 });
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(losses.slice(-20))).toBeLessThan(0.1 * mean(losses.slice(0, 20)));
  });

  test('that was stopped and resumed from its checkpoint equals an unbroken one bit by bit', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'train-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'checkpoint.safetensors');
    const unbroken = start();
    const losses = await run(unbroken);

    const broken = start();
    const before = await run(broken, { steps: 17 });
    saveState(file, broken, model.layout);
    const resumed = loadState(file, model.layout);
    const after = await run(resumed);
    expect([...before, ...after]).toEqual(losses);
    expect(resumed).toEqual(unbroken);
  });

  test('averages the gradients of its parts: two halves are one whole', async () => {
    const [halves, whole] = [start(), start()];
    await run(halves, { steps: 1, accumulate: 2 }, (step) => batchOf(step, 0));
    await run(whole, { steps: 1, accumulate: 1 }, (step) => batchOf(step, 0));
    expect(halves.parameters).toEqual(whole.parameters);
  });

  test('comes to the same weights when replicas compute its parts at the same time, one of them twice', async () => {
    const replicas = await openReplicas(model.graph, new Map(), { count: 2, threads: 2 });
    onTestFinished(async () => void (await Promise.all(replicas.map((replica) => replica.release()))));
    expect(replicas).toHaveLength(2);
    const [parallel, serial] = [start(), start()];
    for await (const _ of train(model, replicas, batchOf, parallel, { ...options, steps: 3, accumulate: 3 }));
    await run(serial, { steps: 3, accumulate: 3 });
    expect(parallel).toEqual(serial);
  });

  test('with a replica that fails ends with its error', async () => {
    const replicas = await openReplicas(model.graph, new Map(), { count: 2, threads: 2 });
    onTestFinished(async () => void (await Promise.all(replicas.map((replica) => replica.release()))));
    const wrong = async (): Promise<Batch> => ({ x: { data: new Float32Array(2), shape: [1, 2] } });
    const next = train(model, replicas, wrong, start(), options).next();
    await expect(next).rejects.toThrow("input 'y' is missing");
  });

  test('with a replica that cannot load its graph ends with what the thread said', async () => {
    const { graph } = perceptron();
    graph.nodes[0] = { ...graph.nodes[0], op: 'NoSuchOperator' };
    const replicas = await openReplicas(graph, new Map(), { count: 2, threads: 2 });
    onTestFinished(async () => void (await Promise.all(replicas.map((replica) => replica.release()))));
    for (const attempt of ['while loading', 'when dead']) {
      await expect(train(model, replicas, batchOf, start(), options).next(), attempt).rejects.toThrow('NoSuchOperator');
    }
  });

  test('stops between two steps when it is told to', async () => {
    const controller = new AbortController();
    const state = start();
    for await (const { step } of train(model, [session], batchOf, state, { ...options, signal: controller.signal }))
      if (step === 5) controller.abort();
    expect(state.step).toBe(5);
  });

  test('trains a weight at its own rate', async () => {
    const state = start();
    const before = state.parameters.slice();
    await run(state, { steps: 1, weightDecay: 0, rateFactor: ({ key }) => (key === 'first.weight' ? 0 : 1) });
    const [first] = model.layout.entries;
    const changed = (from: number, to: number) =>
      before.slice(from, to).some((value, i) => value !== state.parameters[from + i]);
    expect(first.key).toBe('first.weight');
    expect(changed(0, first.length)).toBe(false);
    expect(changed(first.length, before.length)).toBe(true);
  });

  test('stops at a loss that is not a number and leaves the last good state', async () => {
    const state = start();
    const poisoned = async (step: number, part: number) => {
      const batch = await batchOf(step, part);
      if (step === 6) (batch.y.data as Float32Array)[0] = Number.NaN;
      return batch;
    };
    const twin = start();
    await run(twin, { steps: 6 });
    await expect(run(state, {}, poisoned)).rejects.toThrow(new DivergedError('step 7: loss is NaN'));
    expect(state).toEqual(twin);
  });

  test("refuses another model's checkpoint", async () => {
    const folder = await mkdtemp(join(tmpdir(), 'train-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'checkpoint.safetensors');
    saveState(file, start(), model.layout);
    const entries = model.layout.entries.toReversed();
    expect(() => loadState(file, { ...model.layout, entries })).toThrow(
      'expected a checkpoint of the model being trained',
    );
  });
});

test('a gradient that is not finite stops the run with the name of its weight', async () => {
  const graph = new Graph('root');
  const at = rootScope(graph, 'net', primitive);
  const scaled = multiply(graph.input('x', [1, 2]), at.at('scale').parameter('weight', [1, 2]));
  // At zero the root is finite and its slope is not.
  const model = trainingGraph({ loss: reduceMean(sqrt(abs(scaled)), [0, 1], { keepDims: false }) }, () => true);
  const session = await openSession(graph, new Map(), { training: true, threads: 1 });
  onTestFinished(() => session.release());
  const state = startState(Float32Array.of(1, 1), { averaged: false });
  const zeros = async () => ({ x: { data: Float32Array.of(1, 0), shape: [1, 2] } });
  const run = train(model, [session], zeros, state, { steps: 1, learningRate: constantRate(0.1) });
  await expect(run.next()).rejects.toThrow('step 1: the gradient of net/scale.weight is not finite');
  expect([...state.parameters]).toEqual([1, 1]);
});

test('the cosine rate warms up to its peak and falls to a hundredth of it', () => {
  const rate = cosineRate(1, { steps: 110, warmupSteps: 10 });
  expect(rate(0)).toBeCloseTo(0.1);
  expect(rate(10)).toBeCloseTo(1);
  expect(rate(60)).toBeCloseTo(0.505);
  expect(rate(110)).toBeCloseTo(0.01);
});
