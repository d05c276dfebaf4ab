import type { Value } from '../../graph/graph.ts';
import { add, erf, exp, multiply, negate, reduceSum, scalar, sigmoid, subtract } from '../../graph/ops.ts';
import { isPositive } from '../gradient-ops.ts';
import { inputOf, numberOf } from '../node-reading.ts';
import type { Rule } from '../rules.ts';

const fromOutput =
  (derive: (dy: Value, y: Value) => Value): Rule =>
  ({ node, outputGradients: [dy] }) => [() => derive(dy!, node.outputs[0])];

const fromInput =
  (derive: (dy: Value, x: Value) => Value): Rule =>
  ({ node, outputGradients: [dy] }) => [() => derive(dy!, inputOf(node, 0))];

const one = (like: Value) => scalar(like, 1);
/** exp(−x²·k)·scale, the shape of erf's and the normal distribution's density. */
const bell = (x: Value, k: number, scale: number) =>
  multiply(exp(negate(multiply(multiply(x, x), scalar(x, k)))), scalar(x, scale));

export const activation: Readonly<Record<string, Rule>> = {
  Sigmoid: fromOutput((dy, y) => multiply(dy, multiply(y, subtract(one(y), y)))),
  Tanh: fromOutput((dy, y) => multiply(dy, subtract(one(y), multiply(y, y)))),
  Erf: fromInput((dy, x) => multiply(dy, bell(x, 1, 2 / Math.sqrt(Math.PI)))),
  // d/dx x·Φ(x) = Φ(x) + x·φ(x)
  Gelu: fromInput((dy, x) => {
    const cumulative = multiply(add(erf(multiply(x, scalar(x, Math.SQRT1_2))), one(x)), scalar(x, 0.5));
    return multiply(dy, add(cumulative, multiply(x, bell(x, 0.5, 1 / Math.sqrt(2 * Math.PI)))));
  }),
  LeakyRelu: ({ node, outputGradients: [dy] }) => [
    () => {
      const x = inputOf(node, 0);
      const slope = numberOf(node, 'alpha');
      return multiply(dy!, add(multiply(isPositive(x), scalar(x, 1 - slope)), scalar(x, slope)));
    },
  ],
  // y = x·s with s = sigmoid(αx): dy/dx = s + αy·(1 − s)
  'com.microsoft.QuickGelu': ({ node, outputGradients: [dy] }) => [
    () => {
      const [x, y] = [inputOf(node, 0), node.outputs[0]];
      const alpha = numberOf(node, 'alpha');
      const scaled = (value: Value) => (alpha === 1 ? value : multiply(value, scalar(value, alpha)));
      const s = sigmoid(scaled(x));
      return multiply(dy!, add(s, multiply(scaled(y), subtract(one(s), s))));
    },
  ],
  // Over the last axis, the only one the builder offers: dx = y·(dy − Σ dy·y)
  Softmax: fromOutput((dy, y) => {
    const weighted = multiply(dy, y);
    return subtract(weighted, multiply(y, reduceSum(weighted, [y.shape.length - 1])));
  }),
};
