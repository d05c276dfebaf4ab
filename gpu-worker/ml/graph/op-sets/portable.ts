import type { OpSet } from './op-set.ts';
import { primitive } from './primitive.ts';

const MICROSOFT = 'com.microsoft';

/** The fused operators that ONNX Runtime's CPU provider has kernels for; elsewhere the standard ones. */
export const portable: OpSet = {
  ...primitive,
  name: 'portable',
  gatedSigmoid: (x, alpha) =>
    x.graph.node('QuickGelu', [x], [x.shape], { domain: MICROSOFT, attributes: { alpha: { float: alpha } } })[0],
  attention: (query, key, value, { heads, mask }) =>
    query.graph.node(
      'MultiHeadAttention',
      mask ? [query, key, value, null, null, mask] : [query, key, value],
      [query.shape],
      {
        domain: MICROSOFT,
        attributes: { num_heads: heads },
      },
    )[0],
};
