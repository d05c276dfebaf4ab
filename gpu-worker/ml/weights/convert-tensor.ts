import { readTensor, readTensorData } from './read-tensor.ts';
import type { TensorLocation } from './tensor-location.ts';
import type { DeferredTensor } from './tensor-to-write.ts';
import { WeightsError } from './weights-error.ts';

const LARGEST_FLOAT16 = 65504;
const FLOATING = new Set(['float64', 'float32', 'float16', 'bfloat16']);

/** A weight in another precision, read and converted when its turn comes. */
export function convertTensor(name: string, location: TensorLocation, precision: 'fp32' | 'fp16'): DeferredTensor {
  const { dtype, shape, file } = location;
  if (!FLOATING.has(dtype))
    throw new WeightsError(file, `tensor "${location.name}": expected floating point, got ${dtype}`);
  if (precision === 'fp32')
    return { name, dtype: 'F32', shape, read: () => requireFinite(location, readTensor(location)) };
  return { name, dtype: 'F16', shape, read: () => toFloat16(location) };
}

function toFloat16(location: TensorLocation): Float16Array {
  const data = readTensorData(location);
  if (data instanceof Float16Array) return requireFinite(location, data);
  return requireFinite(location, new Float16Array(readTensor(location)));
}

/** @throws WeightsError naming the first element that is no number, or too large for float16. */
function requireFinite<Data extends Float32Array | Float16Array>(
  { file, name, shape }: TensorLocation,
  data: Data,
): Data {
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    const limit = data instanceof Float16Array ? ` within ±${LARGEST_FLOAT16}` : '';
    throw new WeightsError(
      file,
      `tensor "${name}" [${shape.join(', ')}]: expected numbers${limit}, element ${i} is none`,
    );
  }
  return data;
}
