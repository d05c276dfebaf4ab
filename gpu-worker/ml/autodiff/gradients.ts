import { elementCount, formatShape, type Shape, sameShape } from '../graph/dims.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import { add, reduceSum, reshape } from '../graph/ops.ts';
import { sumLeading } from './gradient-ops.ts';
import { type Rule, rules } from './rules.ts';

/**
 * Reverse-mode differentiation: adds to the graph the nodes that compute d loss / d value for each of `values`, and returns the
 * gradients in their order. Only paths that lead from the loss to one of `values` are followed, so a frozen weight costs nothing.
 *
 * @throws Error naming the operator, where one on such a path has no rule.
 */
export function gradients(loss: Value, values: readonly Value[]): Value[] {
  if (elementCount(loss.shape) !== 1) {
    throw new Error(`${loss.graph.name}: expected a loss of one element, got ${loss.name} ${formatShape(loss.shape)}`);
  }
  const varying = valuesThatDependOn(loss.graph, values);
  const one = loss.graph.constant(Float32Array.of(1), loss.shape.map(Number));
  const found = new Map<Value, Value>([[loss, one]]);
  for (const node of loss.graph.nodes.toReversed()) {
    const outputGradients = node.outputs.map((output) => found.get(output) ?? null);
    if (outputGradients.every((gradient) => gradient === null) || !node.outputs.some((output) => varying.has(output)))
      continue;
    const inputGradients = ruleFor(node)({ node, outputGradients });
    for (const [index, input] of node.inputs.entries()) {
      if (!input || !varying.has(input)) continue;
      const gradient = inputGradients[index]?.();
      if (!gradient) continue;
      const fitted = unbroadcast(gradient, input.shape);
      const sofar = found.get(input);
      found.set(input, sofar ? add(sofar, fitted) : fitted);
    }
  }
  return values.map((value) => {
    const gradient = found.get(value);
    if (!gradient) throw new Error(`${loss.graph.name}: ${loss.name} does not depend on ${value.name}`);
    return gradient;
  });
}

function ruleFor({ op, domain, outputs }: Node): Rule {
  const name = domain === '' ? op : `${domain}.${op}`;
  const rule = rules[name];
  if (!rule)
    throw new Error(`no gradient rule for ${name} (${outputs[0].name}): build the graph with the training op set`);
  return rule;
}

function valuesThatDependOn(graph: Graph, values: readonly Value[]): Set<Value> {
  const varying = new Set(values);
  for (const node of graph.nodes) {
    if (node.inputs.some((input) => input && varying.has(input)))
      for (const output of node.outputs) varying.add(output);
  }
  return varying;
}

/** The gradient of a value that was broadcast: summed over every axis along which it was repeated. */
function unbroadcast(gradient: Value, shape: Shape): Value {
  if (sameShape(gradient.shape, shape)) return gradient;
  const added = gradient.shape.length - shape.length;
  const wasRepeated = (axis: number) => axis < added || (shape[axis - added] === 1 && gradient.shape[axis] !== 1);
  const repeated = [...gradient.shape.keys()].filter(wasRepeated);
  const onlyLeading = repeated.every((axis, index) => axis === index);
  return reshape(onlyLeading ? sumLeading(gradient, repeated.length) : reduceSum(gradient, repeated), shape);
}
