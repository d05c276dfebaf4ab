import type { SafetensorsDtype } from '../../../shared/safetensors.ts';

/** A tensor of a state dict; its elements are the storage named by its position. */
export type PickledTensor = { name: string; dtype: SafetensorsDtype; shape: readonly number[] };

/** What torch calls the storage of each element type it can save. */
export const TORCH_STORAGES: Partial<Record<SafetensorsDtype, string>> = {
  F64: 'DoubleStorage',
  F32: 'FloatStorage',
  F16: 'HalfStorage',
  BF16: 'BFloat16Storage',
  I64: 'LongStorage',
  I32: 'IntStorage',
  I16: 'ShortStorage',
  I8: 'CharStorage',
  U8: 'ByteStorage',
  BOOL: 'BoolStorage',
};

/** Opcodes of pickle protocol 2, as CPython's pickletools lists them. */
const PROTOCOL_2 = Buffer.from([0x80, 2]);
const MARK = Buffer.from('(');
const TUPLE = Buffer.from('t');
const EMPTY_TUPLE = Buffer.from(')');
const REDUCE = Buffer.from('R');
const SET_ITEMS = Buffer.from('u');
const PERSISTENT_ID = Buffer.from('Q');
const FALSE = Buffer.from([0x89]);
const STOP = Buffer.from('.');

/** The pickle that `torch.save` makes of a state dict: an OrderedDict of contiguous tensors, each with a storage of its own. */
export function stateDictPickle(tensors: readonly PickledTensor[]): Buffer {
  const items = tensors.flatMap((tensor, index) => [text(tensor.name), ...rebuiltTensor(tensor, String(index))]);
  return Buffer.concat([PROTOCOL_2, ...orderedDict(), MARK, ...items, SET_ITEMS, STOP]);
}

/** `torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, backward_hooks)` */
function rebuiltTensor({ dtype, shape }: PickledTensor, storageKey: string): Buffer[] {
  const elements = shape.reduce((product, dimension) => product * dimension, 1);
  const storage = [
    ...tuple(
      text('storage'),
      global('torch', TORCH_STORAGES[dtype]!),
      text(storageKey),
      text('cpu'),
      integer(elements),
    ),
    PERSISTENT_ID,
  ];
  const args = [...storage, integer(0), ...sizes(shape), ...sizes(rowMajorStrides(shape)), FALSE, ...orderedDict()];
  return [global('torch._utils', '_rebuild_tensor_v2'), ...tuple(...args), REDUCE];
}

function rowMajorStrides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, dimension) => product * dimension, 1));
}

function orderedDict(): Buffer[] {
  return [global('collections', 'OrderedDict'), EMPTY_TUPLE, REDUCE];
}

function tuple(...items: readonly Buffer[]): Buffer[] {
  return [MARK, ...items, TUPLE];
}

function sizes(values: readonly number[]): Buffer[] {
  return tuple(...values.map(integer));
}

function global(module: string, name: string): Buffer {
  return Buffer.from(`c${module}\n${name}\n`);
}

/** BINUNICODE: a length of four bytes, then UTF-8. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const head = Buffer.from('X\0\0\0\0');
  head.writeUInt32LE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** BININT: four bytes, signed. */
function integer(value: number): Buffer {
  const bytes = Buffer.from('J\0\0\0\0');
  bytes.writeInt32LE(value, 1);
  return bytes;
}
