import type { TensorLocation, WeightDtype } from './tensor-location.ts';
import { WeightsError } from './weights-error.ts';
import type { ZipEntry } from './zip-entries.ts';

type ElementType = { dtype: WeightDtype; bytes: number };

/** The storage classes torch pickles name, with their element types. */
export const STORAGE_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ['torch.DoubleStorage', { dtype: 'float64', bytes: 8 }],
  ['torch.FloatStorage', { dtype: 'float32', bytes: 4 }],
  ['torch.HalfStorage', { dtype: 'float16', bytes: 2 }],
  ['torch.BFloat16Storage', { dtype: 'bfloat16', bytes: 2 }],
  ['torch.LongStorage', { dtype: 'int64', bytes: 8 }],
  ['torch.IntStorage', { dtype: 'int32', bytes: 4 }],
  ['torch.ShortStorage', { dtype: 'int16', bytes: 2 }],
  ['torch.CharStorage', { dtype: 'int8', bytes: 1 }],
  ['torch.ByteStorage', { dtype: 'uint8', bytes: 1 }],
  ['torch.BoolStorage', { dtype: 'bool', bytes: 1 }],
]);

/** A run of elements in an archive; several tensors may look into one. */
export type TorchStorage = { element: ElementType; entry: ZipEntry };

/** A view of a storage. Strides and offset count elements. */
export type TorchTensor = {
  storage: TorchStorage;
  elementOffset: number;
  shape: readonly number[];
  strides: readonly number[];
};

/**
 * Where a tensor's bytes lie in the file.
 *
 * @throws WeightsError naming the tensor if it is not row-major or reaches outside its storage.
 */
export function locateTorchTensor(file: string, name: string, tensor: TorchTensor): TensorLocation {
  const { storage, elementOffset, shape, strides } = tensor;
  if (!isRowMajor(shape, strides))
    throw new WeightsError(
      file,
      `tensor "${name}" [${shape.join(', ')}] has strides [${strides.join(', ')}]: only row-major ones can be used in place; save it with .contiguous()`,
    );
  const { entry, element } = storage;
  const start = elementOffset * element.bytes;
  const length = shape.reduce((product, dimension) => product * dimension, element.bytes);
  if (start + length > entry.length)
    throw new WeightsError(
      file,
      `tensor "${name}" takes bytes ${start} to ${start + length} of "${entry.name}", which has ${entry.length}`,
    );
  return { name, dtype: element.dtype, shape, file, offset: entry.offset + start, length };
}

/** The stride of a dimension of one element is never used, so torch leaves anything there. */
function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== expected) return false;
    expected *= shape[i];
  }
  return true;
}
