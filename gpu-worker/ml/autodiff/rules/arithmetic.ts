import type { Value } from '../../graph/graph.ts';
import { cast, cos, divide, equal, multiply, negate, scalar, sin } from '../../graph/ops.ts';
import { sign } from '../gradient-ops.ts';
import { inputOf } from '../node-reading.ts';
import type { Rule } from '../rules.ts';

/** A function of one value: its derivative from dy, x and y. */
const unary =
  (derive: (dy: Value, x: Value, y: Value) => Value): Rule =>
  ({ node, outputGradients: [dy] }) => [() => derive(dy!, inputOf(node, 0), node.outputs[0])];

/** A function of two values: one derivative for each. */
const binary =
  (...derivatives: readonly ((dy: Value, a: Value, b: Value, y: Value) => Value)[]): Rule =>
  ({ node, outputGradients: [dy] }) =>
    derivatives.map((derive) => () => derive(dy!, inputOf(node, 0), inputOf(node, 1), node.outputs[0]));

export const arithmetic: Readonly<Record<string, Rule>> = {
  Add: binary(
    (dy) => dy,
    (dy) => dy,
  ),
  Sub: binary(
    (dy) => dy,
    (dy) => negate(dy),
  ),
  Mul: binary(
    (dy, _, b) => multiply(dy, b),
    (dy, a) => multiply(dy, a),
  ),
  Div: binary(
    (dy, _, b) => divide(dy, b),
    (dy, _, b, y) => negate(multiply(divide(dy, b), y)),
  ),
  Neg: unary(negate),
  Exp: unary((dy, _, y) => multiply(dy, y)),
  Log: unary((dy, x) => divide(dy, x)),
  Sqrt: unary((dy, _, y) => divide(multiply(dy, scalar(dy, 0.5)), y)),
  Abs: unary((dy, x) => multiply(dy, sign(x))),
  Cos: unary((dy, x) => negate(multiply(dy, sin(x)))),
  Sin: unary((dy, x) => multiply(dy, cos(x))),
  // Inside the limits y is x itself.
  Clip: unary((dy, x, y) => multiply(dy, cast(equal(x, y), 'float32'))),
  Cast: unary((dy, x) => cast(dy, x.dtype)),
  Identity: unary((dy) => dy),
};
