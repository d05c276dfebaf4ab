import { describe, expect, test } from 'vitest';
import { batchNoise } from '../../gpu-worker/engine/batch-noise.ts';
import type { UNetResult, UNetRow } from '../../gpu-worker/ml/elite/unet-rows.ts';
import type { PictureSize } from '../../gpu-worker/ml/image/picture.ts';

const SQUARE = { width: 64, height: 64 };
const WIDE = { width: 128, height: 64 };

/** A row that can be told apart by its timestep. */
function row(timestep: number): UNetRow {
  const nothing = new Float32Array(0);
  return { latents: nothing, context: nothing, local: nothing, timestep, placeholderIndex: 0, strength: 0 };
}

/** A UNet whose noise is the timestep, and which remembers its calls. */
function fakeUNet() {
  const calls: { size: PictureSize; timesteps: number[] }[] = [];
  const predictNoise = async (size: PictureSize, rows: readonly UNetRow[]) => {
    calls.push({ size, timesteps: rows.map(({ timestep }) => timestep) });
    return rows.map(({ timestep }) => ({ noise: Float32Array.of(timestep), deep: null }));
  };
  return { calls, predictNoise };
}

const values = (results: readonly UNetResult[]) => results.map(({ noise: [value] }) => value);

describe('noise of several jobs', () => {
  test('is predicted in one call, and each gets its own rows', async () => {
    const { calls, predictNoise } = fakeUNet();
    const batched = batchNoise(predictNoise, { maxRows: 8 });
    const noise = await Promise.all([
      batched(SQUARE, [row(1), row(2)]),
      batched(SQUARE, [row(3)]),
      batched(SQUARE, [row(4), row(5)]),
    ]);
    expect(noise.map(values)).toEqual([[1, 2], [3], [4, 5]]);
    expect(calls).toEqual([{ size: SQUARE, timesteps: [1, 2, 3, 4, 5] }]);
  });

  test('is never predicted across picture sizes', async () => {
    const { calls, predictNoise } = fakeUNet();
    const batched = batchNoise(predictNoise, { maxRows: 8 });
    await Promise.all([batched(SQUARE, [row(1)]), batched(WIDE, [row(2)]), batched(SQUARE, [row(3)])]);
    expect(calls).toEqual([
      { size: SQUARE, timesteps: [1, 3] },
      { size: WIDE, timesteps: [2] },
    ]);
  });

  test('is never predicted in one call for rows that reuse features and rows that do not', async () => {
    const { calls, predictNoise } = fakeUNet();
    const batched = batchNoise(predictNoise, { maxRows: 8 });
    const shallow = (timestep: number) => ({ ...row(timestep), deep: new Float32Array(1) });
    await Promise.all([
      batched(SQUARE, [row(1)]),
      batched(SQUARE, [shallow(2), shallow(3)]),
      batched(SQUARE, [row(4)]),
      batched(SQUARE, [shallow(5)]),
    ]);
    expect(calls.map(({ timesteps }) => timesteps)).toEqual([
      [1, 4],
      [2, 3, 5],
    ]);
    await expect(async () => batched(SQUARE, [row(1), shallow(2)])).rejects.toThrow(
      'of every row of a call or of none',
    );
  });

  test('takes at most so many rows a call, of whole calls, except for one that is larger', async () => {
    const { calls, predictNoise } = fakeUNet();
    const batched = batchNoise(predictNoise, { maxRows: 4 });
    const noise = await Promise.all([
      batched(SQUARE, [row(1), row(2), row(3)]),
      batched(SQUARE, [row(4), row(5)]),
      batched(SQUARE, [row(6), row(7), row(8), row(9), row(10)]),
    ]);
    expect(calls.map(({ timesteps }) => timesteps)).toEqual([
      [1, 2, 3],
      [4, 5],
      [6, 7, 8, 9, 10],
    ]);
    expect(noise.map(values)).toEqual([
      [1, 2, 3],
      [4, 5],
      [6, 7, 8, 9, 10],
    ]);
  });

  test('goes to a job that comes in the middle of another one within a step', async () => {
    const { calls, predictNoise } = fakeUNet();
    const batched = batchNoise(predictNoise, { maxRows: 1 });
    const job = async (first: number) => {
      for (let step = first; step < first + 3; step++) {
        await batched(SQUARE, [row(step)]);
      }
    };
    const long = job(10);
    await batched(SQUARE, [row(1)]);
    await Promise.all([long, job(20)]);
    expect(calls.map(({ timesteps: [step] }) => step)).toEqual([10, 1, 11, 20, 12, 21, 22]);
  });

  test('lets the event loop turn between two steps', async () => {
    const { predictNoise } = fakeUNet();
    const batched = batchNoise(predictNoise, { maxRows: 8 });
    let turns = 0;
    const count = () => {
      turns++;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    for (let step = 0; step < 10; step++) {
      await batched(SQUARE, [row(step)]);
    }
    clearImmediate(immediate);
    expect(turns).toBeGreaterThanOrEqual(9);
  });

  test('fails for the calls of one batch together, and not for the next', async () => {
    const { predictNoise } = fakeUNet();
    let fails = true;
    const batched = batchNoise(
      async (size, rows) => {
        if (fails) {
          fails = false;
          throw new Error('out of memory');
        }
        return predictNoise(size, rows);
      },
      { maxRows: 8 },
    );
    const both = await Promise.allSettled([batched(SQUARE, [row(1)]), batched(SQUARE, [row(2)])]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(values(await batched(SQUARE, [row(3)]))).toEqual([3]);
  });
});
