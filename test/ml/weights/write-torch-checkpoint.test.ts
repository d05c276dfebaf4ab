import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readTensorData } from '../../../gpu-worker/ml/weights/read-tensor.ts';
import { readTorchIndex } from '../../../gpu-worker/ml/weights/torch-checkpoint.ts';
import { streamTorchCheckpoint, writeTorchCheckpoint } from '../../../gpu-worker/ml/weights/write-torch-checkpoint.ts';
import { modelDir } from '../../parity/reference.ts';

const folder = mkdtempSync(join(tmpdir(), 'write-torch-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'weights.pt');

describe('writing a torch checkpoint', () => {
  it('keeps names, order, shapes, types and values', () => {
    const tensors = new Map([
      ['mapping_0.0.weight', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, -0, 1e-30) }],
      ['half', { shape: [2], data: Float16Array.of(0.1, -65504) }],
      ['position_ids', { shape: [1, 3], data: BigInt64Array.of(0n, 1n, -(2n ** 40n)) }],
      ['scalar', { shape: [], data: Float64Array.of(Math.PI) }],
      ['größe', { shape: [3], data: Uint8Array.of(0, 128, 255) }],
    ]);
    writeTorchCheckpoint(file, tensors);
    const index = readTorchIndex(file);
    expect(
      [...index].map(([name, location]) => [name, { shape: location.shape, data: readTensorData(location) }]),
    ).toEqual([...tensors]);
  });

  it('aligns every storage to 64 bytes, as torch does, so that it can be mapped', () => {
    const tensors = Array.from(
      { length: 70 },
      (_, i) => [`t${'x'.repeat(i)}`, { shape: [i], data: new Float32Array(i) }] as const,
    );
    writeTorchCheckpoint(file, new Map(tensors));
    expect([...readTorchIndex(file).values()].filter(({ offset }) => offset % 64 !== 0)).toEqual([]);
  });

  it("rewrites the authors' own mapper without a difference", () => {
    const official = readTorchIndex(join(modelDir, 'global_mapper.pt'));
    const contents = (index: typeof official) =>
      [...index.values()].map((location) => [location.name, location.shape, readTensorData(location)]);
    streamTorchCheckpoint(
      file,
      [...official.values()].map((location) => ({
        name: location.name,
        dtype: 'F32',
        shape: location.shape,
        read: () => readTensorData(location) as Float32Array,
      })),
    );
    expect(contents(readTorchIndex(file))).toEqual(contents(official));
  });

  it('names the tensor whose size is not what it said', () => {
    expect(() => writeTorchCheckpoint(file, new Map([['w', { shape: [2, 2], data: new Float32Array(3) }]]))).toThrow(
      /weights\.pt.*"w".*holds 4 elements, got 3/,
    );
  });

  it('names the dtype that torch has no storage for', () => {
    expect(() =>
      streamTorchCheckpoint(file, [{ name: 'w', dtype: 'U32', shape: [0], read: () => new Int32Array() }]),
    ).toThrow(/"w": torch has no storage for U32/);
  });
});
