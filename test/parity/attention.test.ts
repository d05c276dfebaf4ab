import { it } from 'vitest';
import { Graph } from '../../gpu-worker/ml/graph/graph.ts';
import { portable } from '../../gpu-worker/ml/graph/op-sets/portable.ts';
import { reshape } from '../../gpu-worker/ml/graph/ops.ts';
import { rootScope } from '../../gpu-worker/ml/graph/scope.ts';
import { dualCrossAttention } from '../../gpu-worker/ml/layers/dual-cross-attention.ts';
import { placeholderColumn } from '../../gpu-worker/ml/models/unet.ts';
import { openSession } from '../../gpu-worker/ml/runtime/session.ts';
import { expectRelative } from './compare.ts';
import { golden, reference } from './reference.ts';
import { referenceModel } from './reference-model.ts';

const TOLERANCE = 1e-4;

it.each([
  ['out_global', 0],
  ['out_local_l1', 1],
  ['out_local_lam', reference.config.unet_lam],
])('one cross-attention module alone: %s', async (name, strength) => {
  const expected = golden('attention');
  const floats = (tensor: string) => ({ data: expected.floats(tensor), shape: expected.shape(tensor) });
  const tokens = expected.shape('ctx')[1];
  const graph = new Graph('attention');
  const at = rootScope(graph, 'unet', portable).at(reference.attn2_order[0]);
  const context = at.input('context', expected.shape('ctx'));
  const index = at.input('index', [1], 'int32');
  const lambda = reshape(at.input('strength', [1]), [1, 1, 1, 1]);
  const local = {
    patches: at.input('local', expected.shape('local')),
    placeholder: placeholderColumn(index, tokens),
    strength: lambda,
  };
  const hidden = at.input('hidden', expected.shape('hidden_states'));
  graph.output('out', dualCrossAttention(at, hidden, referenceModel.config.unet.heads, { context, local }));
  const session = await openSession(graph, referenceModel.checkpoints);
  const { out } = await session.run({
    hidden: floats('hidden_states'),
    context: floats('ctx'),
    local: floats('local'),
    index: { data: Int32Array.from(expected.numbers('index')), shape: [1] },
    strength: { data: Float32Array.of(strength), shape: [1] },
  });
  expectRelative(`cross-attention, ${name}`, out.data, expected.floats(name), TOLERANCE);
});
