import { Buffer } from 'node:buffer';

/** Writes the files torch.save writes, and broken ones that it never would. */

export type StoredFile = {
  name: string;
  bytes: Uint8Array;
  /** What the archive's directory claims instead of the truth. */
  claims?: { method?: number; flags?: number; length?: number; storedLength?: number; localHeaderOffset?: number };
};

/** A zip archive of stored files; with `zip64` sizes, offsets and counts stand in the 64-bit records only. */
export function storedZip(files: readonly StoredFile[], { zip64 = false } = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  for (const { name, bytes, claims = {} } of files) {
    const offset = claims.localHeaderOffset ?? byteLength(parts);
    const length = claims.length ?? bytes.length;
    const storedLength = claims.storedLength ?? length;
    const wide = [length, storedLength, offset];
    const narrow = zip64 ? wide.map(() => 0xffff_ffff) : wide;
    const extra = zip64 ? Buffer.concat([uint16(1), uint16(24), ...wide.map(uint64)]) : Buffer.alloc(0);
    const [narrowLength, narrowStored, narrowOffset] = narrow;
    const common = [uint16(claims.flags ?? 0), uint16(claims.method ?? 0), uint32(0), uint32(0)];
    parts.push(
      Buffer.concat([uint32(0x0403_4b50), uint16(45), ...common, uint32(narrowStored), uint32(narrowLength)]),
      Buffer.concat([uint16(name.length), uint16(0), Buffer.from(name), bytes]),
    );
    directory.push(
      Buffer.concat([
        uint32(0x0201_4b50),
        uint16(45),
        uint16(45),
        ...common,
        uint32(narrowStored),
        uint32(narrowLength),
      ]),
      Buffer.concat([uint16(name.length), uint16(extra.length), Buffer.alloc(10), uint32(narrowOffset)]),
      Buffer.concat([Buffer.from(name), extra]),
    );
  }
  return Buffer.concat([...parts, endOfArchive(files.length, byteLength(parts), Buffer.concat(directory), zip64)]);
}

function endOfArchive(count: number, offset: number, directory: Buffer, zip64: boolean): Buffer {
  const locator = Buffer.concat([uint32(0x0706_4b50), uint32(0), uint64(offset + directory.length), uint32(1)]);
  const record = Buffer.concat([
    Buffer.concat([uint32(0x0606_4b50), uint64(44), uint16(45), uint16(45), uint32(0), uint32(0)]),
    Buffer.concat([uint64(count), uint64(count), uint64(directory.length), uint64(offset)]),
  ]);
  const end = zip64
    ? [uint16(0xffff), uint16(0xffff), uint32(0xffff_ffff), uint32(0xffff_ffff)]
    : [uint16(count), uint16(count), uint32(directory.length), uint32(offset)];
  return Buffer.concat([
    directory,
    ...(zip64 ? [record, locator] : []),
    Buffer.concat([uint32(0x0605_4b50), uint16(0), uint16(0), ...end, uint16(0)]),
  ]);
}

export type TorchTensorToWrite = {
  shape: readonly number[];
  data: Float32Array | Float16Array | Uint16Array;
  /** Elements; row-major ones if left out. */
  strides?: readonly number[];
  /** Elements into the storage. */
  offset?: number;
  storageType?: string;
};

/** The files of a `torch.save(state_dict)` archive. */
export function torchFiles(tensors: Readonly<Record<string, TorchTensorToWrite>>): StoredFile[] {
  const named = Object.entries(tensors);
  const items = named.flatMap(([name, tensor], key) => [text(name), pickledTensor(String(key), tensor)]);
  const stateDict = [op('}'), op('('), ...items, op('u')];
  return [
    { name: 'weights/data.pkl', bytes: pickle(...stateDict) },
    { name: 'weights/byteorder', bytes: Buffer.from('little') },
    ...named.map(([, { data }], key) => ({
      name: `weights/data/${key}`,
      bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })),
  ];
}

function pickledTensor(key: string, { shape, data, strides, offset = 0, storageType }: TorchTensorToWrite): Buffer {
  const type = storageType ?? (data instanceof Float32Array ? 'FloatStorage' : 'HalfStorage');
  return Buffer.concat([
    global('torch._utils', '_rebuild_tensor_v2'),
    op('('),
    Buffer.concat([
      op('('),
      text('storage'),
      global('torch', type),
      text(key),
      text('cpu'),
      integer(data.length),
      op('t'),
    ]),
    op('Q'),
    integer(offset),
    tuple(shape.map(integer)),
    tuple((strides ?? rowMajor(shape)).map(integer)),
    Buffer.concat([op('\x89'), global('collections', 'OrderedDict'), op(')'), op('R')]),
    op('t'),
    op('R'),
  ]);
}

function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, i) => shape.slice(i + 1).reduce((product, dimension) => product * dimension, 1));
}

/** A protocol 2 pickle that leaves the last value. */
export function pickle(...instructions: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.of(0x80, 2), ...instructions, op('.')]);
}

export function op(character: string): Buffer {
  return Buffer.from(character, 'latin1');
}

export function text(value: string): Buffer {
  return Buffer.concat([op('X'), uint32(Buffer.byteLength(value)), Buffer.from(value)]);
}

export function global(module: string, name: string): Buffer {
  return Buffer.from(`c${module}\n${name}\n`);
}

export function integer(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return Buffer.concat([op('J'), bytes]);
}

export function tuple(items: readonly Buffer[]): Buffer {
  return Buffer.concat([op('('), ...items, op('t')]);
}

function byteLength(parts: readonly Buffer[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
