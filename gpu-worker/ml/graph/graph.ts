import { createHash } from 'node:crypto';
import { type Dim, formatShape, type Shape, sameShape } from './dims.ts';

/** Element types a value of a graph can have; weights may be stored in others and are cast where they enter. */
export type DType = 'float32' | 'float16' | 'int64' | 'int32' | 'uint8' | 'int8' | 'bool';

/** Something a node reads or writes. Carries its graph, so that operations are plain functions of values. */
export type Value = { readonly graph: Graph; readonly name: string; readonly shape: Shape; readonly dtype: DType };

export type Attribute = number | string | readonly number[] | { readonly float: number };

export type Node = {
  readonly op: string;
  /** The operator's domain: '' is ONNX's own. */
  readonly domain: string;
  /** `null` stands for an optional input that is left out. */
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
};

/** A weight the graph expects from a checkpoint; its bytes are bound when the graph is serialised. */
export type Parameter = {
  /** Which checkpoint holds it: `unet`, `global_mapper`, … */
  readonly checkpoint: string;
  /** Its key there. */
  readonly key: string;
  readonly shape: readonly number[];
  /** `null`: the official file holds this weight, but ELITE does not use it. */
  readonly value: Value | null;
};

export type Constant = { readonly value: Value; readonly data: Float32Array | BigInt64Array | Int32Array };

/** Under which key a weight's scale lies, where the weight is int8. */
export const scaleKey = (key: string): string => `${key}_scale`;

/**
 * An ONNX graph under construction: nodes in the order they were added, which is an order they can run in.
 * Shapes are checked as nodes are added, so an error points at the line of model code that caused it.
 */
export class Graph {
  readonly name: string;
  readonly nodes: Node[] = [];
  readonly inputs: Value[] = [];
  readonly outputs: { readonly name: string; readonly value: Value }[] = [];
  readonly parameters = new Map<string, Parameter>();
  readonly constants = new Map<string, Constant>();
  /** Outputs of named modules, for tests and for training taps: `mid_block.attentions.0` → its value. */
  readonly taps = new Map<string, Value>();
  #counter = 0;

  constructor(name: string) {
    this.name = name;
  }

  input(name: string, shape: readonly Dim[], dtype: DType = 'float32'): Value {
    if (this.inputs.some((input) => input.name === name)) throw new Error(`${this.name}: input ${name} exists already`);
    const value: Value = { graph: this, name, shape, dtype };
    this.inputs.push(value);
    return value;
  }

  output(name: string, value: Value): void {
    if (this.outputs.some((output) => output.name === name))
      throw new Error(`${this.name}: output ${name} exists already`);
    this.outputs.push({ name, value });
  }

  /** The weight `key` of `checkpoint`, declared once however often it is asked for. `used: false` only records that the file holds it. */
  parameter(checkpoint: string, key: string, shape: readonly number[], { used = true } = {}): Value | null {
    const id = `${checkpoint}/${key}`;
    const known = this.parameters.get(id);
    if (known) {
      if (!sameShape(known.shape, shape)) {
        throw new Error(
          `${this.name}: ${id} was declared as ${formatShape(known.shape)}, now as ${formatShape(shape)}`,
        );
      }
      return known.value;
    }
    const value: Value | null = used ? { graph: this, name: id, shape, dtype: 'float32' } : null;
    this.parameters.set(id, { checkpoint, key, shape, value });
    return value;
  }

  /**
   * Says that a weight, which nothing reads yet, is stored as int8 numbers of shape `stored`, whose last axis is the layer's outputs, and beside them
   * a float32 scale for each output: what a 1 is worth.
   */
  quantise(weight: Value, stored: readonly number[]): { numbers: Value; scale: Value } {
    const parameter = this.parameters.get(weight.name);
    if (parameter?.value !== weight || this.nodes.some(({ inputs }) => inputs.includes(weight)))
      throw new Error(`${this.name}: expected a weight that nothing reads yet, got ${weight.name}`);
    const { checkpoint, key } = parameter;
    const numbers: Value = { ...weight, shape: stored, dtype: 'int8' };
    this.parameters.set(weight.name, { ...parameter, shape: stored, value: numbers });
    return { numbers, scale: this.parameter(checkpoint, scaleKey(key), stored.slice(-1))! };
  }

  /** A small constant, stored inside the graph. Equal constants are stored once. */
  constant(data: Float32Array | BigInt64Array | Int32Array, shape: readonly number[] = [data.length]): Value {
    const dtype = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'int64';
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const identity = `${dtype}[${shape.join(',')}] ${createHash('sha256').update(bytes).digest('hex')}`;
    const known = this.constants.get(identity);
    if (known) return known.value;
    const value: Value = { graph: this, name: `constant_${this.constants.size}`, shape, dtype };
    this.constants.set(identity, { value, data });
    return value;
  }

  /** Adds a node whose output shapes the caller has worked out, and returns the outputs. */
  node(
    op: string,
    inputs: readonly (Value | null)[],
    shapes: readonly Shape[],
    options: { domain?: string; attributes?: Record<string, Attribute>; dtypes?: readonly DType[] } = {},
  ): Value[] {
    const { domain = '', attributes = {} } = options;
    for (const input of inputs) {
      if (input && input.graph !== this)
        throw new Error(`${op}: ${input.name} belongs to ${input.graph.name}, not to ${this.name}`);
    }
    const inherited = inputs.find((input) => input !== null)?.dtype ?? 'float32';
    const outputs = shapes.map((shape, index): Value => {
      const dtype = options.dtypes?.[index] ?? inherited;
      return { graph: this, name: `${op}_${this.#counter++}`, shape, dtype };
    });
    this.nodes.push({ op, domain, inputs, outputs, attributes });
    return outputs;
  }

  /** The nodes that outputs depend on: an op set may offer a value in two forms of which only one is taken. */
  usedNodes(): Node[] {
    const used = new Set<Value | null>(this.outputs.map(({ value }) => value));
    const needed = this.nodes.toReversed().filter(({ inputs, outputs }) => {
      const isUsed = outputs.some((output) => used.has(output));
      if (isUsed) for (const input of inputs) used.add(input);
      return isUsed;
    });
    return needed.reverse();
  }
}
