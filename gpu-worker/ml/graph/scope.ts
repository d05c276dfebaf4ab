import type { DType, Graph, Value } from './graph.ts';
import type { OpSet } from './op-sets/op-set.ts';

/**
 * A place in a model's tree of modules. Nesting scopes gives weights the names that checkpoints use:
 * `scope.at('mid_block').at('resnets.0').parameter('conv1.weight', …)`.
 */
export type Scope = {
  readonly graph: Graph;
  /** How layers are expressed for the machine that will run them. */
  readonly ops: OpSet;
  readonly checkpoint: string;
  readonly path: string;
  at(name: string): Scope;
  /** The same graph, reading weights of another checkpoint by that checkpoint's own keys. */
  from(checkpoint: string): Scope;
  /** A float32 weight of this module. */
  parameter(name: string, shape: readonly number[]): Value;
  /** A weight that the official file holds and this model does not use. */
  unused(name: string, shape: readonly number[]): void;
  input(name: string, shape: Value['shape'], dtype?: DType): Value;
  /** Names `value` as the output of this module and returns it. */
  tap(value: Value): Value;
};

export function rootScope(graph: Graph, checkpoint: string, ops: OpSet): Scope {
  return scopeAt(graph, ops, checkpoint, '');
}

function scopeAt(graph: Graph, ops: OpSet, checkpoint: string, path: string): Scope {
  const join = (name: string) => (path === '' ? name : `${path}.${name}`);
  return {
    graph,
    ops,
    checkpoint,
    path,
    at: (name) => scopeAt(graph, ops, checkpoint, join(name)),
    from: (other) => scopeAt(graph, ops, other, ''),
    parameter: (name, shape) => {
      const value = graph.parameter(checkpoint, join(name), shape);
      if (!value) throw new Error(`${graph.name}: ${checkpoint}/${join(name)} was declared unused`);
      return value;
    },
    unused: (name, shape) => {
      graph.parameter(checkpoint, join(name), shape, { used: false });
    },
    input: (name, shape, dtype) => graph.input(name, shape, dtype),
    tap: (value) => {
      graph.taps.set(path, value);
      return value;
    },
  };
}
