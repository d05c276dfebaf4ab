import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoints } from '../weights/bind-weights.ts';
import { openReplicas } from './replicas.ts';
import { type Batch, type TrainOptions, type TrainProgress, train } from './train.ts';
import type { TrainingGraph } from './training-graph.ts';
import { loadState, saveState, startState, type TrainingState } from './training-state.ts';

/** Steps that share a graph. The phases of a stage train the same weights, at other sizes or on other batches. */
export type Phase = {
  /** Steps of the stage that are done when this phase is. */
  untilStep: number;
  training: TrainingGraph;
  /** Weights that stay as they are. */
  frozen: Checkpoints;
  batchOf(step: number, part: number): Promise<Batch>;
};

/** Something to train from start to end. */
export type Stage = {
  name: string;
  phases: readonly Phase[];
  /** The weights it starts from. */
  initial(): Float32Array;
  options: Omit<TrainOptions, 'steps' | 'signal'>;
};

/** A stage whose batches may hold sessions and files open until it is closed. */
export type OpenStage = Stage & { close?(): Promise<void> };

export type StageProgress = TrainProgress & { stage: string; steps: number };

export type RunOptions = {
  /** Holds the checkpoint; made if need be. */
  folder: string;
  threads?: number;
  /** Batches of a step that are computed at the same time, sharing the threads; each takes the memory of one. */
  replicas?: number;
  saveEverySeconds?: number;
  /** Draws what the model can do so far, now and then: a PNG in `previews/`, named by the step. */
  preview?: { everySteps: number; draw(state: TrainingState): Promise<Uint8Array> };
  /** Ends the run after the step in progress, saved. */
  signal?: AbortSignal;
};

/**
 * Runs a stage, or what is left of it after the checkpoint in `folder`. Saves every few minutes and at the end, however it ends: done,
 * aborted or diverged. Returns the state it reached.
 */
export async function* runStage(stage: Stage, options: RunOptions): AsyncGenerator<StageProgress, TrainingState> {
  const { folder, threads, replicas: count = 1, signal, saveEverySeconds = 180, preview } = options;
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'checkpoint.safetensors');
  const { layout } = stage.phases[0].training;
  const state = existsSync(file)
    ? loadState(file, layout)
    : startState(stage.initial(), { averaged: stage.options.averageDecay !== undefined });
  const steps = stage.phases.at(-1)!.untilStep;
  let savedAt = performance.now();
  try {
    for (const { untilStep, training, frozen, batchOf } of stage.phases) {
      if (state.step >= untilStep || signal?.aborted) continue;
      const replicas = await openReplicas(training.graph, frozen, { count, threads });
      try {
        const run = train(training, replicas, batchOf, state, { ...stage.options, steps: untilStep, signal });
        for await (const progress of run) {
          if (preview && progress.step % preview.everySteps === 0) {
            await writePreview(folder, progress.step, await preview.draw(state));
          }
          yield { ...progress, stage: stage.name, steps };
          if (performance.now() - savedAt < saveEverySeconds * 1000) continue;
          saveState(file, state, layout);
          savedAt = performance.now();
        }
      } finally {
        await Promise.all(replicas.map((replica) => replica.release()));
      }
    }
  } finally {
    saveState(file, state, layout);
  }
  return state;
}

async function writePreview(folder: string, step: number, png: Uint8Array): Promise<void> {
  await mkdir(join(folder, 'previews'), { recursive: true });
  await writeFile(join(folder, 'previews', `${String(step).padStart(6, '0')}.png`), png);
}
