import { scaleKey } from '../graph/graph.ts';
import { convertTensor } from './convert-tensor.ts';
import type { TensorLocation } from './tensor-location.ts';
import type { DeferredTensor } from './tensor-to-write.ts';

/** The largest number that a weight becomes; −128 is not used. */
const LARGEST = 127;
/** Smaller ones lose digits in float32. */
const SMALLEST_NORMAL = 2 ** -126;

/**
 * What a 1 of each output is worth, for a weight of `outputs` rows, row-major: max|w| / 127 over the row, and 1 where that is 0 or
 * all but 0, so that numbers stay within ±127.
 */
export function outputScales(weight: Float32Array, outputs: number): Float32Array {
  const columns = weight.length / outputs;
  return Float32Array.from({ length: outputs }, (_, output) => {
    let largest = 0;
    for (let i = output * columns; i < (output + 1) * columns; i++) largest = Math.max(largest, Math.abs(weight[i]));
    const scale = largest / LARGEST;
    return scale < SMALLEST_NORMAL ? 1 : scale;
  });
}

/**
 * A linear layer's weight [out, in] or a convolution's [out, in, kh, kw], row-major, as int8: w / scale of its output, rounded to the nearest, halves
 * away from zero. The numbers lie as an integer product takes them, outputs last: [kh·kw·in, out].
 */
export function quantiseWeight(weight: Float32Array, shape: readonly number[]): Int8Array {
  const [outputs, inputs, ...kernel] = shape;
  const positions = kernel.reduce((product, size) => product * size, 1);
  const scales = outputScales(weight, outputs);
  const numbers = new Int8Array(weight.length);
  let source = 0;
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      for (let position = 0; position < positions; position++) {
        const value = weight[source++] / scales[output];
        numbers[(position * inputs + input) * outputs + output] = value < 0 ? -Math.round(-value) : Math.round(value);
      }
    }
  }
  return numbers;
}

/** The two tensors that a weight is stored as, the numbers in the shape `stored`; each is read and made when its turn comes. */
export function quantiseTensor(name: string, location: TensorLocation, stored: readonly number[]): DeferredTensor[] {
  const { read } = convertTensor(name, location, 'fp32');
  const weight = () => read() as Float32Array;
  const { shape } = location;
  return [
    { name, dtype: 'I8', shape: stored, read: () => quantiseWeight(weight(), shape) },
    { name: scaleKey(name), dtype: 'F32', shape: [shape[0]], read: () => outputScales(weight(), shape[0]) },
  ];
}
