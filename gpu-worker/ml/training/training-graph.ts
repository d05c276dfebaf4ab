import { gradients } from '../autodiff/gradients.ts';
import type { Graph, Parameter, Value } from '../graph/graph.ts';
import { reshape } from '../graph/ops.ts';
import { type VectorLayout, vectoriseParameters } from './parameter-vector.ts';

/** A graph that takes `parameters` [n] and a batch, and gives `loss`, its named parts and `gradient` [n]. */
export type TrainingGraph = {
  readonly graph: Graph;
  readonly layout: VectorLayout;
  readonly lossNames: readonly string[];
};

/** The losses of a stage: `loss` is what is minimised, the others are shown. Each has one element. */
export type Losses = { readonly loss: Value } & Readonly<Record<string, Value>>;

/** Completes a forward graph for training the weights that `isTrained` picks; all others stay as their checkpoints have them. */
export function trainingGraph(losses: Losses, isTrained: (parameter: Parameter) => boolean): TrainingGraph {
  const { graph } = losses.loss;
  const { vector, layout } = vectoriseParameters(graph, isTrained);
  const [gradient] = gradients(losses.loss, [vector]);
  for (const [name, value] of Object.entries(losses)) graph.output(name, reshape(value, [1]));
  graph.output('gradient', gradient);
  return { graph, layout, lossNames: Object.keys(losses) };
}
