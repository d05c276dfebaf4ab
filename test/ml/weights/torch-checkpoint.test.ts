import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readTensor } from '../../../gpu-worker/ml/weights/read-tensor.ts';
import { readTorchIndex } from '../../../gpu-worker/ml/weights/torch-checkpoint.ts';
import { WeightsError } from '../../../gpu-worker/ml/weights/weights-error.ts';
import { global, integer, op, pickle, type StoredFile, storedZip, text, torchFiles, tuple } from './torch-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'torch-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'weights.pt');

const matrix = { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, -0, 1e-30) };

function write(bytes: Uint8Array): string {
  writeFileSync(file, bytes);
  return file;
}

function writePickle(...instructions: readonly Buffer[]): string {
  return write(storedZip([{ name: 'weights/data.pkl', bytes: pickle(...instructions) }]));
}

/** The archive of one matrix with one of its files, by ending, changed. */
function withFile(ending: string, change: Partial<StoredFile>): StoredFile[] {
  return torchFiles({ matrix }).map((stored) => (stored.name.endsWith(ending) ? { ...stored, ...change } : stored));
}

function expectRefused(path: string, message: RegExp): void {
  expect(() => readTorchIndex(path)).toThrow(WeightsError);
  expect(() => readTorchIndex(path)).toThrow(message);
  expect(() => readTorchIndex(path)).toThrow(/weights\.pt/);
}

describe('locating tensors', () => {
  it.each([{ zip64: false }, { zip64: true }])('finds names, shapes, types and values ($zip64 zip64)', (options) => {
    const half = { shape: [2], data: Float16Array.of(0.1, -65504) };
    const brain = { shape: [2], data: Uint16Array.of(0x3fc0, 0xff80), storageType: 'BFloat16Storage' };
    const scalar = { shape: [], data: Float32Array.of(7) };
    const index = readTorchIndex(write(storedZip(torchFiles({ 'a.weight': matrix, half, brain, scalar }), options)));
    expect([...index.values()].map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual([
      ['a.weight', 'float32', [2, 3]],
      ['half', 'float16', [2]],
      ['brain', 'bfloat16', [2]],
      ['scalar', 'float32', []],
    ]);
    expect(readTensor(index.get('a.weight')!)).toEqual(matrix.data);
    expect(readTensor(index.get('half')!)).toEqual(Float32Array.from(half.data));
    expect([...readTensor(index.get('brain')!)]).toEqual([1.5, Number.NEGATIVE_INFINITY]);
    expect([...readTensor(index.get('scalar')!)]).toEqual([7]);
  });

  it('finds a view by its offset into a storage', () => {
    const view = { shape: [2], data: Float32Array.of(1, 2, 3, 4), offset: 2 };
    const index = readTorchIndex(write(storedZip(torchFiles({ view }))));
    expect([...readTensor(index.get('view')!)]).toEqual([3, 4]);
  });

  it('ignores the stride of a dimension of one element, as torch does', () => {
    const column = { shape: [3, 1], data: Float32Array.of(1, 2, 3), strides: [1, 77] };
    const index = readTorchIndex(write(storedZip(torchFiles({ column }))));
    expect([...readTensor(index.get('column')!)]).toEqual([1, 2, 3]);
  });
});

describe('a pickle', () => {
  it('that calls anything but the constructors of tensors is refused by the name of what it calls', () => {
    const call = [global('posix', 'system'), tuple([text('touch owned')]), op('R')];
    expectRefused(writePickle(op('}'), text('w'), ...call, op('s')), /posix\.system is refused/);
    expectRefused(
      writePickle(op('}'), text('w'), global('builtins', 'eval'), tuple([]), op('R'), op('s')),
      /builtins\.eval/,
    );
  });

  it('that calls by an opcode other than REDUCE is refused', () => {
    expectRefused(writePickle(Buffer.from('(iposix\nsystem\n')), /opcode 0x69/); // INST
    expectRefused(writePickle(global('posix', 'system'), op(')'), op('\x81')), /opcode 0x81/); // NEWOBJ
  });

  it('that sets the state of an object is refused', () => {
    expectRefused(writePickle(global('some', 'Thing'), op('}'), op('b')), /state of some\.Thing/);
  });

  it('of anything but tensors by name is refused, naming what it is', () => {
    expectRefused(writePickle(op(']')), /expected a dict of tensors, got a list/);
    expectRefused(
      writePickle(op('}'), text('epoch'), integer(3), op('s')),
      /"epoch" is the number 3, expected a tensor/,
    );
    expectRefused(writePickle(op('}'), integer(3), op('}'), op('s')), /expected tensor names, got the number 3/);
  });

  it('that ends early, or asks for what is not there, is refused', () => {
    expectRefused(write(storedZip([{ name: 'weights/data.pkl', bytes: Buffer.of(0x80, 2) }])), /ends at byte 2/);
    expectRefused(writePickle(op('t')), /no mark/);
    expectRefused(writePickle(op('h'), Buffer.of(9)), /memo 9 was never stored/);
    expectRefused(writePickle(op('s')), /too few values/);
  });

  it('of a storage type that is not a number is refused by name', () => {
    expectRefused(
      write(storedZip(torchFiles({ q: { ...matrix, storageType: 'QInt8Storage' } }))),
      /torch\.QInt8Storage is refused/,
    );
  });
});

describe('a tensor', () => {
  it('that is not row-major is refused with its strides', () => {
    const transposed = { shape: [3, 2], data: matrix.data, strides: [1, 3] };
    expectRefused(
      write(storedZip(torchFiles({ transposed }))),
      /"transposed" \[3, 2\] has strides \[1, 3\].*contiguous/,
    );
  });

  it('that reaches past its storage is refused', () => {
    expectRefused(
      write(storedZip(torchFiles({ long: { ...matrix, offset: 1 } }))),
      /"long" takes bytes 4 to 28 of "weights\/data\/0", which has 24/,
    );
    expectRefused(
      write(storedZip(torchFiles({ negative: { ...matrix, offset: -1 } }))),
      /expected a size, got the number -1/,
    );
  });

  it('whose storage has another size than the pickle says is refused', () => {
    expectRefused(
      write(storedZip(withFile('data/0', { bytes: Buffer.alloc(8) }))),
      /storage "0" takes 24 bytes.*has 8/,
    );
    expectRefused(write(storedZip(torchFiles({ matrix }).slice(0, -1))), /storage "0" is not in the archive/);
  });
});

describe('an archive', () => {
  it('with a compressed entry is refused by its name', () => {
    expectRefused(
      write(storedZip(withFile('data/0', { claims: { method: 8 } }))),
      /"weights\/data\/0" is compressed \(method 8\)/,
    );
  });

  it('with an encrypted entry is refused', () => {
    expectRefused(
      write(storedZip(withFile('data.pkl', { claims: { flags: 1 } }))),
      /"weights\/data\.pkl" is encrypted/,
    );
  });

  it('that promises more than it stores is refused', () => {
    expectRefused(
      write(storedZip(withFile('data/0', { claims: { length: 1e9, storedLength: 24 } }))),
      /claims 1000000000 bytes but stores 24/,
    );
    expectRefused(
      write(storedZip(withFile('data/0', { claims: { length: 1e9 } }))),
      /"weights\/data\/0" runs past byte/,
    );
  });

  it('whose entries overlap is refused', () => {
    const claims = { localHeaderOffset: 0 };
    expectRefused(
      write(storedZip(withFile('data/0', { claims }))),
      /"weights\/data\/0" and "weights\/data\.pkl" overlap/,
    );
  });

  it('with two entries of one name is refused', () => {
    expectRefused(write(storedZip([...torchFiles({ matrix }), ...torchFiles({ matrix })])), /same name/);
  });

  it('with an oversized pickle is refused before it is read', () => {
    const zeros = Buffer.alloc(16 * 1024 * 1024 + 1);
    expectRefused(write(storedZip([{ name: 'weights/data.pkl', bytes: zeros }])), /data\.pkl has 16777217 bytes/);
  });

  it('of big-endian numbers is refused', () => {
    expectRefused(write(storedZip(withFile('byteorder', { bytes: Buffer.from('big') }))), /byte order "big"/);
  });

  it('without a pickle, or that is no zip, is refused', () => {
    expectRefused(write(storedZip([{ name: 'weights/readme', bytes: Buffer.alloc(0) }])), /expected one data\.pkl/);
    expectRefused(write(Buffer.alloc(4000)), /not a zip archive/);
    expectRefused(write(Buffer.alloc(0)), /not a zip archive/);
  });

  it('cut short is refused', () => {
    const whole = storedZip(torchFiles({ matrix }));
    for (const size of [whole.length - 1, whole.length - 30, 100])
      expectRefused(write(whole.subarray(0, size)), /not a zip/);
  });

  it('larger than 4 GB is read by its 64-bit offsets', () => {
    const archive = storedZip(torchFiles({ matrix }), { zip64: true });
    const shift = 5 * 2 ** 30;
    const descriptor = openSync(file, 'w');
    ftruncateSync(descriptor, shift); // sparse: takes no space
    writeSync(descriptor, shifted(archive, shift), 0, archive.length, shift);
    closeSync(descriptor);
    const index = readTorchIndex(file);
    expect(index.get('matrix')!.offset).toBeGreaterThan(shift);
    expect(readTensor(index.get('matrix')!)).toEqual(matrix.data);
  });
});

/** A zip64 archive as it would be `shift` bytes further into a file. */
function shifted(archive: Buffer, shift: number): Buffer {
  const bytes = Buffer.from(archive);
  const add = (at: number) => bytes.writeBigUInt64LE(bytes.readBigUInt64LE(at) + BigInt(shift), at);
  const locator = bytes.length - 22 - 20;
  const record = Number(bytes.readBigUInt64LE(locator + 8));
  let at = Number(bytes.readBigUInt64LE(record + 48));
  while (bytes.readUInt32LE(at) === 0x0201_4b50) {
    const extra = at + 46 + bytes.readUInt16LE(at + 28);
    add(extra + 4 + 16);
    at = extra + bytes.readUInt16LE(at + 30);
  }
  add(record + 48);
  add(locator + 8);
  return bytes;
}

it('answers any bytes with an index inside the file or a WeightsError', () => {
  const sound = storedZip(torchFiles({ matrix, bias: { shape: [3], data: new Float32Array(3) } }));
  const edits = fc.array(fc.record({ at: fc.nat(sound.length - 1), byte: fc.nat(255) }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(edits, (damage) => {
      const bytes = Buffer.from(sound);
      for (const { at, byte } of damage) bytes[at] = byte;
      write(bytes);
      try {
        for (const { offset, length } of readTorchIndex(file).values())
          expect(offset + length).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(WeightsError);
      }
    }),
    { numRuns: 500 },
  );
});

it('answers any pickle with an index or a WeightsError', () => {
  const opcodes = '}]()QRbtueasqhX\x85\x86\x87\x88\x89KMJN.';
  const instruction = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...opcodes).map(op) },
    fc.constantFrom(
      text('w'),
      integer(1),
      global('torch', 'FloatStorage'),
      global('torch._utils', '_rebuild_tensor_v2'),
    ),
    fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(fc.array(instruction, { maxLength: 30 }), (instructions) => {
      try {
        readTorchIndex(writePickle(...instructions));
      } catch (error) {
        expect(error).toBeInstanceOf(WeightsError);
      }
    }),
    { numRuns: 500 },
  );
});
