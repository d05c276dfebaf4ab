import { staticElementCount } from '../graph/dims.ts';
import type { DType, Graph, Node, Value } from '../graph/graph.ts';

/** What a run of a graph needs, in bytes. */
export type MemoryEstimate = {
  /** Weights and inputs, the vector of trained parameters among them. */
  inputs: number;
  constants: number;
  /** The most that intermediate results take at one time, when each is dropped after its last use. */
  peakActivations: number;
};

const bytesPerElement: Readonly<Record<DType, number>> = {
  float32: 4,
  float16: 2,
  int64: 8,
  int32: 4,
  uint8: 1,
  int8: 1,
  bool: 1,
};

/** Operators whose output is their first input under another shape, and needs no memory of its own. */
const views = new Set(['Reshape', 'Identity']);

/** The memory of a graph with static shapes, run in the order its nodes were added. A runtime's arena adds to it what it cannot reuse. */
export function estimateMemory(graph: Graph): MemoryEstimate {
  const weights = [...graph.parameters.values()].flatMap(({ value }) => (value ? [value] : []));
  const constants = [...graph.constants.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  return {
    inputs: [...graph.inputs, ...weights].reduce((sum, value) => sum + sizeBytes(value), 0),
    constants,
    peakActivations: peakActivations(graph),
  };
}

function peakActivations(graph: Graph): number {
  const owner = new Map<Value, Value>();
  const ownerOf = (value: Value): Value => owner.get(value) ?? value;
  for (const node of graph.nodes) if (views.has(node.op)) owner.set(node.outputs[0], ownerOf(node.inputs[0]!));
  const lastUse = new Map<Value, Node | 'end'>();
  for (const node of graph.nodes) for (const input of node.inputs) if (input) lastUse.set(ownerOf(input), node);
  for (const { value } of graph.outputs) lastUse.set(ownerOf(value), 'end');

  const live = new Set<Value>();
  let current = 0;
  let peak = 0;
  for (const node of graph.nodes) {
    for (const output of node.outputs) {
      if (owner.has(output) || !lastUse.has(output)) continue;
      live.add(output);
      current += sizeBytes(output);
    }
    peak = Math.max(peak, current);
    for (const input of node.inputs) {
      const value = input && ownerOf(input);
      if (value && live.has(value) && lastUse.get(value) === node) {
        live.delete(value);
        current -= sizeBytes(value);
      }
    }
  }
  return peak;
}

function sizeBytes({ shape, dtype }: Value): number {
  return staticElementCount(shape) * bytesPerElement[dtype];
}
