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
import { checkedTensorData, type DeferredTensor, deferTensor, type TensorToWrite } from './tensor-to-write.ts';
import { WeightsError } from './weights-error.ts';
import { createFile } from './write-file.ts';

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
  streamSafetensors(
    file,
    [...tensors].map(([name, tensor]) => deferTensor(name, tensor)),
    metadata,
  );
}

/**
 * Writes a safetensors file one tensor at a time, so that a checkpoint may be larger than memory.
 *
 * @throws WeightsError if a tensor turns out to have another dtype or size than it said.
 */
export function streamSafetensors(
  file: string,
  tensors: readonly DeferredTensor[],
  metadata: Readonly<Record<string, string>> = {},
): void {
  for (const _ of writeSafetensorsStepwise(file, tensors, metadata));
}

/** `streamSafetensors` in steps of one tensor, so that others get their turn: yields the bytes of each once it is written. */
export function* writeSafetensorsStepwise(
  file: string,
  tensors: readonly DeferredTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Generator<number> {
  const layout = layOutSafetensors(tensors, metadata);
  const lengthPrefix = Buffer.alloc(8);
  lengthPrefix.writeBigUInt64LE(BigInt(layout.header.length));
  const { write, close } = createFile(file);
  try {
    write(lengthPrefix);
    write(Buffer.from(layout.header, 'latin1'));
    for (const tensor of layout.tensors) {
      const bytes = checkedTensorData(file, tensor);
      write(bytes);
      yield bytes.length;
    }
  } finally {
    close();
  }
}
