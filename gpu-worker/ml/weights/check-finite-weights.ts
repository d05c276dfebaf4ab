import { withFileBytes } from './file-bytes.ts';
import type { TensorLocation, WeightDtype, WeightIndex } from './tensor-location.ts';
import { WeightsError } from './weights-error.ts';

/** Read at once: memory stays small whatever the size of a tensor. */
const CHUNK_BYTES = 8 * 1024 * 1024;

type Bits = Uint16Array | Uint32Array | BigUint64Array;

/** A floating-point number is infinite or no number when all bits of its exponent are set; here those of each type are. */
const EXPONENTS: Partial<Record<WeightDtype, { view: (bytes: ArrayBuffer) => Bits; mask: number | bigint }>> = {
  float16: { view: (bytes) => new Uint16Array(bytes), mask: 0x7c00 },
  bfloat16: { view: (bytes) => new Uint16Array(bytes), mask: 0x7f80 },
  float32: { view: (bytes) => new Uint32Array(bytes), mask: 0x7f80_0000 },
  float64: { view: (bytes) => new BigUint64Array(bytes), mask: 0x7ff0_0000_0000_0000n },
};

/**
 * Reads every weight, yielding how many bytes it has read so far.
 *
 * @throws WeightsError naming file, tensor and element of the first weight that is infinite or not a number.
 */
export function* checkFiniteWeights(index: WeightIndex): Generator<number> {
  let readBytes = 0;
  for (const location of index.values()) {
    for (const chunkBytes of checkFiniteTensor(location)) {
      readBytes += chunkBytes;
      yield readBytes;
    }
  }
}

function* checkFiniteTensor({ name, dtype, file, offset, length, shape }: TensorLocation): Generator<number> {
  const exponent = EXPONENTS[dtype];
  for (let start = 0; start < length; start += CHUNK_BYTES) {
    const size = Math.min(CHUNK_BYTES, length - start);
    if (exponent) {
      const bytes = withFileBytes(file, (opened) => opened.read(offset + start, size));
      const bits = exponent.view(bytes.buffer);
      const bad = indexOfExponent(bits, exponent.mask);
      if (bad >= 0) {
        const element = start / bits.BYTES_PER_ELEMENT + bad;
        throw new WeightsError(
          file,
          `tensor "${name}" [${shape.join(', ')}]: element ${element} is infinite or not a number`,
        );
      }
    }
    yield size;
  }
}

/** The first element with every bit of `mask` set, or −1. */
function indexOfExponent(bits: Bits, mask: number | bigint): number {
  if (bits instanceof BigUint64Array) return bits.findIndex((value) => (value & BigInt(mask)) === mask);
  const numeric = Number(mask);
  for (let i = 0; i < bits.length; i++) if ((bits[i] & numeric) === numeric) return i;
  return -1;
}
