import type { Dim, Shape } from '../../gpu-worker/ml/graph/dims.ts';
import type { Graph, Node } from '../../gpu-worker/ml/graph/graph.ts';

/** Floating-point operations of the products in one run at a batch size (a multiply-add is two); what is element-wise is not counted. */
export function countFlops(graph: Graph, batch: number): number {
  return 2 * graph.nodes.reduce((sum, node) => sum + countMultiplyAdds(node, batch), 0);
}

function countMultiplyAdds({ op, inputs, outputs }: Node, batch: number): number {
  const size = (shape: Shape) => shape.reduce<number>((product, dim) => product * resolve(dim, batch), 1);
  const shapeOf = (index: number) => inputs[index]!.shape;
  const output = size(outputs[0].shape);
  switch (op) {
    case 'MatMul':
      return output * resolve(shapeOf(0).at(-1)!, batch);
    case 'Gemm':
      return (output * size(shapeOf(1))) / resolve(outputs[0].shape[1], batch);
    case 'Conv':
      return output * size(shapeOf(1).slice(1));
    case 'MultiHeadAttention': {
      const [query, key] = [shapeOf(0), shapeOf(1)];
      return 2 * size(query) * resolve(key[1], batch);
    }
    default:
      return 0;
  }
}

function resolve(dim: Dim, batch: number): number {
  if (typeof dim === 'number') return dim;
  const [, factor = '1'] = dim.split('*');
  return batch * Number(factor);
}
