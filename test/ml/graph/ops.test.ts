import { describe, expect, it } from 'vitest';
import { elementCount } from '../../../gpu-worker/ml/graph/dims.ts';
import { Graph } from '../../../gpu-worker/ml/graph/graph.ts';
import { portable } from '../../../gpu-worker/ml/graph/op-sets/portable.ts';
import {
  add,
  concat,
  conv,
  expandBatch,
  gather,
  matmul,
  reshape,
  slice,
  split,
} from '../../../gpu-worker/ml/graph/ops.ts';
import { rootScope } from '../../../gpu-worker/ml/graph/scope.ts';
import { convolution } from '../../../gpu-worker/ml/layers/convolution.ts';
import { linear } from '../../../gpu-worker/ml/layers/linear.ts';

const NO_PADDING = { top: 0, left: 0, bottom: 0, right: 0 };

describe('shapes', () => {
  it('are worked out while the graph is built, the batch staying symbolic', () => {
    const graph = new Graph('test');
    const x = graph.input('x', ['batch', 4, 6, 8]);
    const weight = graph.input('weight', [16, 4, 3, 3]);
    expect(conv(x, weight, null, { stride: 2, padding: { top: 0, left: 0, bottom: 1, right: 1 } }).shape).toEqual([
      'batch',
      16,
      3,
      4,
    ]);
    expect(reshape(x, ['batch*48', 4]).shape).toEqual(['batch*48', 4]);
    expect(concat([x, x], 1).shape).toEqual(['batch', 8, 6, 8]);
    expect(slice(x, 3, 2, 5).shape).toEqual(['batch', 4, 6, 3]);
    expect(split(x, 1, [1, 3]).map(({ shape }) => shape[1])).toEqual([1, 3]);
    expect(expandBatch(graph.input('row', [1, 2]), x).shape).toEqual(['batch', 2]);
    expect(gather(graph.input('table', [10, 3]), graph.input('index', ['batch', 5], 'int32')).shape).toEqual([
      'batch',
      5,
      3,
    ]);
    expect(elementCount(x.shape)).toBe('batch*192');
  });

  it('that do not fit are refused with the operation, what it expected and what came', () => {
    const graph = new Graph('net');
    const x = graph.input('x', ['batch', 4, 6, 6]);
    const y = graph.input('y', ['batch', 5]);
    expect(() => add(x, y)).toThrow(
      'net: Add: expected shapes that broadcast, got x [batch, 4, 6, 6] and y [batch, 5]',
    );
    expect(() => matmul(x, y)).toThrow(/net: MatMul: expected \[…, m, k\] and \[…, k, n\], got x/);
    expect(() => reshape(x, ['batch', 7])).toThrow('expected as many elements as [batch, 7], got x [batch, 4, 6, 6]');
    expect(() => conv(x, graph.input('w', [8, 3, 3, 3]), null, { padding: NO_PADDING })).toThrow(
      'expected 3 input channels',
    );
    expect(() => slice(x, 1, 2, 9)).toThrow('0 ≤ 2 < 9 ≤ size of axis 1');
    expect(() => concat([x, y], 1)).toThrow('shapes that differ only in axis 1');
  });

  it('of a layer name the weight that does not fit, so the module can be found', () => {
    const at = rootScope(new Graph('net'), 'unet', portable).at('mid_block.resnets.0');
    const x = at.input('x', ['batch', 4, 6, 6]);
    convolution(at.at('conv1'), x, 8, { kernel: 3 });
    const wider = at.input('wider', ['batch', 5, 6, 6]);
    expect(() => convolution(at.at('conv1'), wider, 8, { kernel: 3 })).toThrow(
      'net: unet/mid_block.resnets.0.conv1.weight was declared as [8, 4, 3, 3], now as [8, 5, 3, 3]',
    );
  });

  it('of values from two graphs never mix', () => {
    const x = new Graph('one').input('x', [2]);
    const y = new Graph('two').input('y', [2]);
    expect(() => add(x, y)).toThrow('Add: y belongs to two, not to one');
  });
});

describe('weights', () => {
  it('take the names that nested scopes spell', () => {
    const graph = new Graph('net');
    const at = rootScope(graph, 'unet', portable);
    linear(at.at('mid_block').at('attn').at('to_out.0'), at.input('x', ['batch', 3]), 5);
    expect([...graph.parameters.keys()]).toEqual([
      'unet/mid_block.attn.to_out.0.weight',
      'unet/mid_block.attn.to_out.0.bias',
    ]);
    expect(graph.parameters.get('unet/mid_block.attn.to_out.0.weight')?.shape).toEqual([5, 3]);
  });
});
