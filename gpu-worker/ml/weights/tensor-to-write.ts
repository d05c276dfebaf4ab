import { SAFETENSORS_DTYPE_BYTES, type SafetensorsDtype } from '../../../shared/safetensors.ts';
import { WeightsError } from './weights-error.ts';

/** Elements row-major; the array's type says the dtype. */
export type TensorData =
  | Float64Array
  | Float32Array
  | Float16Array
  | BigInt64Array
  | Int32Array
  | Int8Array
  | Uint8Array;

export type TensorToWrite = { shape: readonly number[]; data: TensorData };

/** A tensor whose elements are made when its turn to be written comes. */
export type DeferredTensor = {
  name: string;
  dtype: SafetensorsDtype;
  shape: readonly number[];
  read(): TensorData;
};

export function deferTensor(name: string, { shape, data }: TensorToWrite): DeferredTensor {
  return { name, dtype: dtypeOf(data), shape, read: () => data };
}

/** The bytes of a tensor that is about to be written to `file`. @throws WeightsError if they are not what its dtype and shape promise. */
export function checkedTensorData(file: string, { name, dtype, shape, read }: DeferredTensor): Uint8Array {
  const data = read();
  const elements = shape.reduce((product, dimension) => product * dimension, 1);
  if (elements !== data.length)
    throw new WeightsError(
      file,
      `tensor "${name}": [${shape.join(', ')}] holds ${elements} elements, got ${data.length}`,
    );
  if (data.BYTES_PER_ELEMENT !== SAFETENSORS_DTYPE_BYTES[dtype])
    throw new WeightsError(file, `tensor "${name}": expected ${dtype}, got ${dtypeOf(data)}`);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function dtypeOf(data: TensorData): SafetensorsDtype {
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float16Array) return 'F16';
  if (data instanceof BigInt64Array) return 'I64';
  if (data instanceof Int32Array) return 'I32';
  return data instanceof Int8Array ? 'I8' : 'U8';
}
