import type { Node, Value } from '../graph/graph.ts';

/** An input that a node must have. */
export function inputOf(node: Node, index: number): Value {
  const input = node.inputs[index];
  if (!input) throw new Error(`${node.op} ${node.outputs[0].name}: expected input ${index}`);
  return input;
}

export function numberOf(node: Node, attribute: string): number {
  const value = node.attributes[attribute];
  if (typeof value === 'number') return value;
  if (typeof value === 'object' && 'float' in value) return value.float;
  throw new Error(`${node.op} ${node.outputs[0].name}: expected a number as ${attribute}, got ${value}`);
}

export function numbersOf(node: Node, attribute: string): readonly number[] {
  const value = node.attributes[attribute];
  if (typeof value === 'object' && !('float' in value)) return value;
  throw new Error(`${node.op} ${node.outputs[0].name}: expected numbers as ${attribute}, got ${value}`);
}

/** The numbers in a constant input, such as the axes of a reduction. */
export function constantOf(node: Node, index: number): readonly number[] {
  const input = inputOf(node, index);
  for (const { value, data } of input.graph.constants.values()) if (value === input) return Array.from(data, Number);
  throw new Error(`${node.op} ${node.outputs[0].name}: expected input ${index} to be a constant, got ${input.name}`);
}
