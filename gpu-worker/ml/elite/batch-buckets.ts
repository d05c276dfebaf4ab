/**
 * How many samples a denoising call on an accelerator has: few sizes, as it searches for the fastest algorithms anew at each.
 */
export const BATCH_BUCKETS: readonly number[] = [1, 2, 4, 8];

/**
 * Runs any number of samples, at least one, in batches of the sizes in `buckets` (rising), the last sample repeated where a batch has room left;
 * what comes of the repetitions is thrown away.
 */
export async function inBuckets<Sample, Result>(
  buckets: readonly number[],
  samples: readonly Sample[],
  run: (batch: readonly Sample[]) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const largest = buckets.at(-1)!;
  const results: Result[] = [];
  for (let start = 0; start < samples.length; start += largest) {
    const part = samples.slice(start, start + largest);
    const size = buckets.find((bucket) => bucket >= part.length)!;
    const padding = new Array<Sample>(size - part.length).fill(part.at(-1)!);
    results.push(...(await run([...part, ...padding])).slice(0, part.length));
  }
  return results;
}
