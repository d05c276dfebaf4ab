import type { FloatTensor } from '../runtime/session.ts';

/** Samples of one shape as a batch [samples, …shape]. */
export function stack(samples: readonly Float32Array[], shape: readonly number[]): FloatTensor {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const data = new Float32Array(samples.length * size);
  for (const [index, sample] of samples.entries()) {
    if (sample.length !== size)
      throw new Error(`expected samples of [${shape.join(', ')}], got ${sample.length} numbers`);
    data.set(sample, index * size);
  }
  return { data, shape: [samples.length, ...shape] };
}

/** Rows of one length as a batch [rows, length]. */
export function stackIntegers(rows: readonly Int32Array[]) {
  return { data: Int32Array.from(rows.flatMap((row) => [...row])), shape: [rows.length, rows[0].length] };
}

/** The samples of a batch. */
export function unstack({ data, shape }: FloatTensor): Float32Array[] {
  const size = data.length / shape[0];
  return Array.from({ length: shape[0] }, (_, index) => data.slice(index * size, (index + 1) * size));
}
