import type { Graph, Node, Value } from '../../../gpu-worker/ml/graph/graph.ts';
import { cast, ONNX_DTYPES } from '../../../gpu-worker/ml/graph/ops.ts';

/**
 * Makes every half-precision node of a graph compute in float32 and round what it gives to half, as kernels do that keep their sums in float32.
 * The CPU provider left alone computes whole stretches of such a graph in float32 without rounding.
 */
export function emulateHalfPrecision(graph: Graph): void {
  for (const node of graph.nodes.splice(0)) {
    const isHalf = [...node.inputs, ...node.outputs].some((value) => value?.dtype === 'float16');
    if (!isHalf || node.op === 'Cast') {
      graph.nodes.push(node);
      continue;
    }
    const results = graph.node(
      node.op,
      node.inputs.map((input) => input && widened(input)),
      node.outputs.map(({ shape }) => shape),
      {
        domain: node.domain,
        attributes: node.attributes,
        dtypes: node.outputs.map(({ dtype }) => (dtype === 'float16' ? 'float32' : dtype)),
      },
    );
    for (const [index, output] of node.outputs.entries()) graph.nodes.push(rounded(results[index], output));
  }
}

function widened(input: Value): Value {
  return input.dtype === 'float16' ? cast(input, 'float32') : input;
}

/** The node that makes `output` of `result`, in its own precision. */
export function rounded(result: Value, output: Value): Node {
  const attributes = { to: ONNX_DTYPES[output.dtype] };
  return { op: 'Cast', domain: '', inputs: [result], outputs: [output], attributes };
}
