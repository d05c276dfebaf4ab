import { mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readTensor, readTensorData } from '../../../gpu-worker/ml/weights/read-tensor.ts';
import {
  readSafetensorsIndex,
  readSafetensorsMetadata,
  writeSafetensors,
} from '../../../gpu-worker/ml/weights/safetensors.ts';
import { WeightsError } from '../../../gpu-worker/ml/weights/weights-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'weights.safetensors');

/** A file of the given JSON header (or raw text) and as many zero bytes of data. */
function write(header: unknown, dataBytes: number): string {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(file, Buffer.concat([prefix, text, Buffer.alloc(dataBytes)]));
  return file;
}

describe('writing and reading back', () => {
  it('keeps names, shapes, types, values and metadata', () => {
    const tensors = new Map([
      ['bytes', { shape: [3], data: Uint8Array.of(1, 2, 255) }],
      ['a.weight', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, -0, 1e-30) }],
      ['scalar', { shape: [], data: BigInt64Array.of(-7n) }],
      ['empty', { shape: [0, 4], data: new Float32Array(0) }],
      ['half', { shape: [2], data: Float16Array.of(0.1, -65504) }],
      ['double', { shape: [1], data: Float64Array.of(Math.PI) }],
    ]);
    writeSafetensors(file, tensors, { title: 'café 雪', note: '"quoted"' });
    const index = readSafetensorsIndex(file);
    expect(new Set(index.keys())).toEqual(new Set(tensors.keys()));
    for (const [name, { shape, data }] of tensors) {
      expect(index.get(name)!.shape).toEqual(shape);
      expect(readTensorData(index.get(name)!)).toEqual(data);
    }
    expect(readSafetensorsMetadata(file)).toEqual({ title: 'café 雪', note: '"quoted"' });
  });

  it('aligns every tensor to its element size', () => {
    writeSafetensors(
      file,
      new Map([
        ['odd', { shape: [3], data: new Uint8Array(3) }],
        ['wide', { shape: [1], data: new Float64Array(1) }],
        ['half', { shape: [1], data: new Float16Array(1) }],
      ]),
    );
    const index = readSafetensorsIndex(file);
    expect(index.get('wide')!.offset % 8).toBe(0);
    expect(index.get('half')!.offset % 2).toBe(0);
  });

  it('refuses data that does not fill its shape', () => {
    const tensors = new Map([['w', { shape: [2, 2], data: new Float32Array(3) }]]);
    expect(() => writeSafetensors(file, tensors)).toThrow(/"w": \[2, 2\] holds 4 elements, got 3/);
  });

  it('widens float16 and bfloat16 to float32', () => {
    const path = write(
      { h: { dtype: 'F16', shape: [2], data_offsets: [0, 4] }, b: { dtype: 'BF16', shape: [2], data_offsets: [4, 8] } },
      0,
    );
    writeFileSync(path, Uint8Array.of(0x00, 0x3e, 0xff, 0xfb, 0xc0, 0x3f, 0x80, 0xff), { flag: 'a' });
    const index = readSafetensorsIndex(path);
    expect([...readTensor(index.get('h')!)]).toEqual([1.5, -65504]);
    expect([...readTensor(index.get('b')!)]).toEqual([1.5, Number.NEGATIVE_INFINITY]);
  });

  it('locates tensors in the file behind a link', () => {
    writeSafetensors(file, new Map([['w', { shape: [1], data: Float32Array.of(2) }]]));
    const link = join(folder, 'link.safetensors');
    symlinkSync(file, link);
    expect(readSafetensorsIndex(link).get('w')!.file).toBe(readSafetensorsIndex(file).get('w')!.file);
  });
});

describe('refuses, naming file and tensor,', () => {
  const entry = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [begin, end],
  });

  it.each([
    ['text that is not JSON', '{"a"', 0, /not JSON/],
    ['a list', '[]', 0, /not a JSON object/],
    ['an unknown dtype', { w: { dtype: 'F7', shape: [1], data_offsets: [0, 4] } }, 4, /"w"/],
    ['a negative dimension', { w: entry(0, 4, [-1]) }, 4, /"w"/],
    ['a fractional dimension', { w: entry(0, 4, [0.5]) }, 4, /"w"/],
    ['a shape of another size', { w: entry(0, 4, [2]) }, 4, /"w".*takes 8 bytes, data_offsets hold 4/],
    ['offsets that go backwards', { w: entry(4, 0, [0]) }, 4, /"w"/],
    ['overlapping tensors', { a: entry(0, 8), b: entry(4, 12) }, 12, /"b" begins at byte 4, expected 8/],
    ['a gap', { a: entry(0, 4), b: entry(8, 12) }, 12, /"b" begins at byte 8, expected 4/],
    ['missing data', { w: entry(0, 8) }, 4, /take 8 bytes, the file holds 4/],
    ['trailing data', { w: entry(0, 8) }, 12, /take 8 bytes, the file holds 12/],
    ['metadata that is not text', { __metadata__: { step: 3 } }, 0, /__metadata__/],
  ])('%s', (_, header, dataBytes, message) => {
    const path = write(header, dataBytes);
    expect(() => readSafetensorsIndex(path)).toThrow(WeightsError);
    expect(() => readSafetensorsIndex(path)).toThrow(message);
    expect(() => readSafetensorsIndex(path)).toThrow(/weights\.safetensors/);
  });

  it('a header longer than the file', () => {
    truncateSync(write({ w: entry(0, 4) }, 4), 20);
    expect(() => readSafetensorsIndex(file)).toThrow(/the file has 20/);
  });

  it('a header length no file has, without reading it', () => {
    writeFileSync(file, Buffer.alloc(64, 0xff));
    expect(() => readSafetensorsIndex(file)).toThrow(/at most 100000000 allowed/);
  });

  it('a file that is not there', () => {
    expect(() => readSafetensorsIndex(join(folder, 'nowhere.safetensors'))).toThrow(/cannot be opened/);
    expect(() => readSafetensorsIndex(folder)).toThrow(/expected a file/);
  });
});

it('answers any bytes with an index inside the file or a WeightsError', () => {
  writeSafetensors(
    file,
    new Map([
      ['a', { shape: [2, 2], data: new Float32Array(4) }],
      ['b', { shape: [3], data: new Uint8Array(3) }],
    ]),
  );
  const sound = readFileSync(file);
  const damage = fc.array(fc.record({ at: fc.nat(sound.length - 1), byte: fc.nat(255) }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(damage, fc.nat(sound.length), (edits, size) => {
      const bytes = Buffer.from(sound);
      for (const { at, byte } of edits) bytes[at] = byte;
      writeFileSync(file, edits.length % 2 ? bytes : bytes.subarray(0, size));
      const kept = edits.length % 2 ? bytes.length : size;
      try {
        for (const { offset, length } of readSafetensorsIndex(file).values())
          expect(offset + length).toBeLessThanOrEqual(kept);
      } catch (error) {
        expect(error).toBeInstanceOf(WeightsError);
      }
    }),
    { numRuns: 300 },
  );
});
