import { closeSync, openSync, writeSync } from 'node:fs';
import {
  layOutSafetensors,
  MAX_SAFETENSORS_HEADER_BYTES,
  parseSafetensorsHeader,
  type SafetensorsDtype,
  SafetensorsError,
  type SafetensorsHeader,
} from '../../../shared/safetensors.ts';
import { type FileBytes, withFileBytes } from './file-bytes.ts';
import type { TensorLocation, WeightDtype, WeightIndex } from './tensor-location.ts';
import { WeightsError } from './weights-error.ts';

const WEIGHT_DTYPES: Record<SafetensorsDtype, WeightDtype> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
};

/**
 * Reads a safetensors file's header; no tensor is read.
 *
 * @throws WeightsError if the file breaks the format: it names the file and the tensor.
 */
export function readSafetensorsIndex(file: string): WeightIndex {
  return withFileBytes(file, (bytes) => {
    const { header, dataOffset } = readHeader(bytes);
    const locations = [...header.tensors].map(
      ([name, { dtype, shape, begin, end }]): TensorLocation => ({
        name,
        dtype: WEIGHT_DTYPES[dtype],
        shape,
        file: bytes.file,
        offset: dataOffset + begin,
        length: end - begin,
      }),
    );
    return new Map(locations.map((location) => [location.name, location]));
  });
}

/** The `__metadata__` of a safetensors file; empty where it has none. @throws WeightsError */
export function readSafetensorsMetadata(file: string): Readonly<Record<string, string>> {
  return withFileBytes(file, (bytes) => readHeader(bytes).header.metadata);
}

function readHeader(bytes: FileBytes): { header: SafetensorsHeader; dataOffset: number } {
  const headerBytes = bytes.read(0, 8).readBigUInt64LE();
  if (headerBytes > BigInt(MAX_SAFETENSORS_HEADER_BYTES))
    throw new WeightsError(
      bytes.file,
      `header of ${headerBytes} bytes, at most ${MAX_SAFETENSORS_HEADER_BYTES} allowed`,
    );
  const dataOffset = 8 + Number(headerBytes);
  const text = decodeUtf8(bytes.file, bytes.read(8, Number(headerBytes)));
  try {
    return { header: parseSafetensorsHeader(text, bytes.size - dataOffset), dataOffset };
  } catch (cause) {
    if (cause instanceof SafetensorsError) throw new WeightsError(bytes.file, cause.message, { cause });
    throw cause;
  }
}

function decodeUtf8(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new WeightsError(file, 'the header is not UTF-8', { cause });
  }
}

/** A tensor to write: `data` holds its elements row-major in the array type of its dtype. */
export type TensorToWrite = {
  shape: readonly number[];
  data: Float64Array | Float32Array | Float16Array | BigInt64Array | Int32Array | Uint8Array;
};

/**
 * Writes a safetensors file; the dtype follows from each array's type.
 *
 * @throws WeightsError if a shape does not hold the number of elements given.
 */
export function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  const named = [...tensors].map(([name, { shape, data }]) => {
    const elements = shape.reduce((product, dimension) => product * dimension, 1);
    if (elements !== data.length)
      throw new WeightsError(
        file,
        `tensor "${name}": [${shape.join(', ')}] holds ${elements} elements, got ${data.length}`,
      );
    return { name, shape, data, dtype: dtypeOf(data) };
  });
  const layout = layOutSafetensors(named, metadata);
  const lengthPrefix = Buffer.alloc(8);
  lengthPrefix.writeBigUInt64LE(BigInt(layout.header.length));
  const descriptor = openSync(file, 'w');
  try {
    writeFully(descriptor, lengthPrefix);
    writeFully(descriptor, Buffer.from(layout.header, 'latin1'));
    for (const { data } of layout.tensors)
      writeFully(descriptor, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  } finally {
    closeSync(descriptor);
  }
}

function dtypeOf(data: TensorToWrite['data']): SafetensorsDtype {
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float16Array) return 'F16';
  if (data instanceof BigInt64Array) return 'I64';
  if (data instanceof Int32Array) return 'I32';
  return 'U8';
}

function writeFully(descriptor: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(descriptor, bytes, written);
}
