import { staticElementCount } from '../graph/dims.ts';
import type { Graph, Node, Parameter, Value } from '../graph/graph.ts';
import { readTensor } from '../weights/read-tensor.ts';
import type { WeightIndex } from '../weights/tensor-location.ts';

/** Where one trained weight lies in the vector of all of them. */
export type VectorEntry = {
  readonly checkpoint: string;
  readonly key: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
};

/** The trained weights of a graph, one after another. */
export type VectorLayout = { readonly entries: readonly VectorEntry[]; readonly length: number };

/**
 * Turns the weights that `isTrained` picks into pieces of one graph input `parameters` [n], which it returns with its layout: so a step
 * moves one array in and one gradient out, and an optimiser is one loop, whatever the model.
 */
export function vectoriseParameters(
  graph: Graph,
  isTrained: (parameter: Parameter) => boolean,
): { vector: Value; layout: VectorLayout } {
  const trained = [...graph.parameters].flatMap(([id, { checkpoint, key, shape, value }]) =>
    value && isTrained({ checkpoint, key, shape, value }) ? [{ id, checkpoint, key, shape, value }] : [],
  );
  if (trained.length === 0) throw new Error(`${graph.name}: expected weights to train, got none`);
  let length = 0;
  const entries = trained.map(({ checkpoint, key, shape }): VectorEntry => {
    const entry = { checkpoint, key, shape, offset: length, length: staticElementCount(shape) };
    length += entry.length;
    return entry;
  });
  const vector = graph.input('parameters', [length]);
  const sizes = graph.constant(BigInt64Array.from(entries, (entry) => BigInt(entry.length)));
  const pieces = entries.map(
    (entry): Value => ({
      graph,
      name: `${entry.checkpoint}/${entry.key}:flat`,
      shape: [entry.length],
      dtype: 'float32',
    }),
  );
  const views = trained.map(({ shape, value }, index): Node => {
    const target = graph.constant(BigInt64Array.from(shape, BigInt));
    return { op: 'Reshape', domain: '', inputs: [pieces[index], target], outputs: [value], attributes: {} };
  });
  // First in the list, which is an order the nodes can run in.
  graph.nodes.unshift(
    { op: 'Split', domain: '', inputs: [vector, sizes], outputs: pieces, attributes: { axis: 0 } },
    ...views,
  );
  for (const { id } of trained) graph.parameters.delete(id);
  return { vector, layout: { entries, length } };
}

/** A vector that every thread of the process can read and write, of zeros or a copy. */
export function sharedVector(content: number | Float32Array): Float32Array<SharedArrayBuffer> {
  const length = typeof content === 'number' ? content : content.length;
  const vector = new Float32Array(new SharedArrayBuffer(length * Float32Array.BYTES_PER_ELEMENT));
  if (typeof content !== 'number') vector.set(content);
  return vector;
}

/** The weight that element `index` of a vector belongs to. */
export function entryAt({ entries }: VectorLayout, index: number): VectorEntry {
  return entries.findLast(({ offset }) => offset <= index)!;
}

/** The weights of one checkpoint as named tensors, ready to be written. They are views, not copies. */
export function namedTensors(layout: VectorLayout, vector: Float32Array, checkpoint: string) {
  return new Map(
    layout.entries
      .filter((entry) => entry.checkpoint === checkpoint)
      .map(({ key, shape, offset, length }) => [key, { shape, data: vector.subarray(offset, offset + length) }]),
  );
}

/** Overwrites every weight of the vector that `weights` holds under its key. */
export function loadInto(vector: Float32Array, layout: VectorLayout, checkpoint: string, weights: WeightIndex): void {
  for (const entry of layout.entries) {
    const location = entry.checkpoint === checkpoint ? weights.get(entry.key) : undefined;
    if (location) vector.set(readTensor(location), entry.offset);
  }
}
