import { withFileBytes } from './file-bytes.ts';
import type { TensorLocation, WeightDtype } from './tensor-location.ts';

type TensorData =
  | Float64Array
  | Float32Array
  | Float16Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

const VIEWS: Record<WeightDtype, (bytes: ArrayBuffer) => TensorData> = {
  float64: (bytes) => new Float64Array(bytes),
  float32: (bytes) => new Float32Array(bytes),
  float16: (bytes) => new Float16Array(bytes),
  bfloat16: widenBfloat16,
  int64: (bytes) => new BigInt64Array(bytes),
  int32: (bytes) => new Int32Array(bytes),
  int16: (bytes) => new Int16Array(bytes),
  int8: (bytes) => new Int8Array(bytes),
  uint64: (bytes) => new BigUint64Array(bytes),
  uint32: (bytes) => new Uint32Array(bytes),
  uint16: (bytes) => new Uint16Array(bytes),
  uint8: (bytes) => new Uint8Array(bytes),
  bool: (bytes) => new Uint8Array(bytes),
};

/** bfloat16 is the upper half of a float32. */
function widenBfloat16(bytes: ArrayBuffer): Float32Array {
  const bits = Uint32Array.from(new Uint16Array(bytes), (half) => half << 16);
  return new Float32Array(bits.buffer);
}

/**
 * Reads one tensor in its own element type, row-major; bfloat16, which JavaScript has no array for, as float32.
 *
 * @throws WeightsError if the file is shorter than the location says.
 */
export function readTensorData(location: TensorLocation): TensorData {
  const bytes = withFileBytes(location.file, (file) => file.read(location.offset, location.length));
  return VIEWS[location.dtype](bytes.buffer);
}

/** Reads one tensor as float32, row-major, whatever it is stored as. @throws WeightsError */
export function readTensor(location: TensorLocation): Float32Array {
  const data = readTensorData(location);
  if (data instanceof Float32Array) return data;
  return Float32Array.from(data as ArrayLike<number | bigint>, Number);
}
