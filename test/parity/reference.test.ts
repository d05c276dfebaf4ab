import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { golden, referenceJson } from './reference.ts';

const tensorFacts = z.array(
  z.object({
    name: z.string(),
    dtype: z.string(),
    shape: z.array(z.int()),
    stats: z.object({ mean: z.number(), absmax: z.number() }).optional(),
  }),
);
const { files } = z.object({ files: z.record(z.string(), tensorFacts) }).parse(referenceJson('golden/index.json'));

/** The index was written by the program that made the tensors, so agreeing with it shows that we read what was written. */
describe.each(Object.keys(files))('golden/%s', (file) => {
  const tensors = golden(file.replace('.safetensors', ''));

  it('holds the tensors its index lists, with their types and shapes', () => {
    const read = [...tensors.index.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape }));
    const listed = files[file].map(({ name, dtype, shape }) => ({ name, dtype, shape }));
    expect(read.toSorted(byName)).toEqual(listed.toSorted(byName));
  });

  it('reads the values whose mean and largest magnitude the index states', () => {
    for (const { name, stats } of files[file]) {
      if (!stats) continue;
      const values = tensors.numbers(name);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const absmax = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      expect(absmax, name).toBeCloseTo(stats.absmax, 9);
      expect(Math.abs(mean - stats.mean), name).toBeLessThanOrEqual(1e-6 * Math.max(1, stats.absmax));
    }
  });
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
