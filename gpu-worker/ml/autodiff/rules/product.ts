import { elementCount } from '../../graph/dims.ts';
import type { Value } from '../../graph/graph.ts';
import { gemm, matmul, reshape, transpose } from '../../graph/ops.ts';
import { inputOf, numberOf } from '../node-reading.ts';
import type { Rule } from '../rules.ts';

export const product: Readonly<Record<string, Rule>> = {
  MatMul: ({ node, outputGradients: [dy] }) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    // One matrix for all leading axes is one large product, not a sum over many small ones.
    if (b.shape.length === 2) {
      const rows = asRows(dy!);
      return [
        () => reshape(gemm(rows, b, null, { transB: true }), a.shape),
        () => gemm(asRows(a), rows, null, { transA: true }),
      ];
    }
    return [() => matmul(dy!, swapLast(b)), () => matmul(swapLast(a), dy!)];
  },

  Gemm: ({ node, outputGradients: [dy] }) => {
    const [a, b] = [inputOf(node, 0), inputOf(node, 1)];
    const transA = numberOf(node, 'transA') === 1;
    const transB = numberOf(node, 'transB') === 1;
    return [
      () => (transA ? gemm(b, dy!, null, { transA: transB, transB: true }) : gemm(dy!, b, null, { transB: !transB })),
      () => (transB ? gemm(dy!, a, null, { transA: true, transB: transA }) : gemm(a, dy!, null, { transA: !transA })),
      () => dy!,
    ];
  },
};

/** […, n] → [rows, n]. */
function asRows(x: Value): Value {
  return reshape(x, [elementCount(x.shape.slice(0, -1)), x.shape.at(-1)!]);
}

function swapLast(x: Value): Value {
  const axes = [...x.shape.keys()];
  return transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}
