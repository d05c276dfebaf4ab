import type { Node, Value } from '../graph/graph.ts';
import { activation } from './rules/activation.ts';
import { arithmetic } from './rules/arithmetic.ts';
import { convolution } from './rules/convolution.ts';
import { layout } from './rules/layout.ts';
import { normalization } from './rules/normalization.ts';
import { product } from './rules/product.ts';
import { reduction } from './rules/reduction.ts';

export type RuleArguments = {
  readonly node: Node;
  /** d loss / d output for each output of the node; `null` where the loss does not depend on it. */
  readonly outputGradients: readonly (Value | null)[];
};

/**
 * For each input of a node, how to compute d loss / d input; nothing for inputs that are not numbers to differentiate by. Only what is
 * needed is called. A result may still have the shape the input was broadcast to.
 */
export type Rule = (step: RuleArguments) => readonly (() => Value)[];

/** The derivative of every operator that models are made of, by its name in ONNX, after its domain unless that is ONNX's own. */
export const rules: Readonly<Record<string, Rule>> = {
  ...arithmetic,
  ...activation,
  ...product,
  ...convolution,
  ...normalization,
  ...reduction,
  ...layout,
};
