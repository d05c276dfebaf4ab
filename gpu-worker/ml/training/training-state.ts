import { renameSync } from 'node:fs';
import { readTensor } from '../weights/read-tensor.ts';
import { readSafetensorsIndex, readSafetensorsMetadata, writeSafetensors } from '../weights/safetensors.ts';
import { sharedVector, type VectorLayout } from './parameter-vector.ts';

/** Everything a run needs to go on exactly where it stopped; batches follow from seed and step. */
export type TrainingState = {
  /** Steps done. */
  step: number;
  readonly parameters: Float32Array;
  readonly firstMoment: Float32Array;
  readonly secondMoment: Float32Array;
  /** Exponential moving average of the parameters; the parameters themselves where none is kept. */
  readonly average: Float32Array;
};

export function startState(initial: Float32Array, { averaged }: { averaged: boolean }): TrainingState {
  const parameters = sharedVector(initial);
  return {
    step: 0,
    parameters,
    firstMoment: new Float32Array(parameters.length),
    secondMoment: new Float32Array(parameters.length),
    average: averaged ? parameters.slice() : parameters,
  };
}

const vectorNames = ['parameters', 'firstMoment', 'secondMoment', 'average'] as const;

/** Writes a checkpoint; one that is there already is replaced only when the new one is whole. */
export function saveState(file: string, state: TrainingState, layout: VectorLayout): void {
  const shared = state.average === state.parameters;
  const names = vectorNames.filter((name) => !(shared && name === 'average'));
  const tensors = new Map(names.map((name) => [name, { shape: [layout.length], data: state[name] }]));
  const unfinished = `${file}.part`;
  writeSafetensors(unfinished, tensors, { step: String(state.step), layout: describeLayout(layout) });
  renameSync(unfinished, file);
}

/** @throws Error if the checkpoint is of another model. */
export function loadState(file: string, layout: VectorLayout): TrainingState {
  const { step, layout: saved } = readSafetensorsMetadata(file);
  if (saved !== describeLayout(layout))
    throw new Error(`${file}: expected a checkpoint of the model being trained, got another model's`);
  const index = readSafetensorsIndex(file);
  const vector = (name: string) => readTensor(index.get(name)!);
  const parameters = sharedVector(vector('parameters'));
  return {
    step: Number(step),
    parameters,
    firstMoment: vector('firstMoment'),
    secondMoment: vector('secondMoment'),
    average: index.has('average') ? vector('average') : parameters,
  };
}

function describeLayout({ entries }: VectorLayout): string {
  return JSON.stringify(entries.map(({ checkpoint, key, shape }) => [checkpoint, key, shape]));
}
