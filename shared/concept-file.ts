import { z } from 'zod';
import type { ModelDescription } from './model-description.ts';
import { layOutSafetensors, parseSafetensorsHeader, SafetensorsError, type SafetensorsHeader } from './safetensors.ts';
import { TextDecoder, TextEncoder } from './web-standards.ts';

/**
 * A concept as a file: safetensors (an 8-byte little-endian header length, a JSON header, then the tensors) with
 * `words` [N, dim] and `local` [patches, dim] in float32, and the model's fingerprint in its metadata. The primary
 * word is the first.
 */
export type ConceptFile = {
  readonly words: Float32Array; // [wordCount, dim], row-major
  readonly local: Float32Array; // [patches, dim], row-major
  readonly wordCount: number;
  readonly patches: number;
  readonly dim: number;
  readonly model: string;
};

export const CONCEPT_FILE_CONTENT_TYPE = 'application/octet-stream';

/** Full size is 0.8 MiB; room for wider models without letting anyone store what they like. */
export const MAX_CONCEPT_FILE_BYTES = 8 * 1024 * 1024;

const FORMAT = 'elite-concept';
const LENGTH_PREFIX_BYTES = 8;
const MAX_HEADER_BYTES = 16 * 1024;

export class ConceptFileError extends Error {
  override readonly name = 'ConceptFileError';
}

const tensorSchema = z.object({
  dtype: z.literal('F32'),
  shape: z.tuple([z.int().min(1).max(65_536), z.int().min(1).max(65_536)]),
  begin: z.int(),
  end: z.int(),
});

const headerSchema = z.object({
  metadata: z.object({ format: z.literal(FORMAT), version: z.literal('1'), model: z.string().min(1).max(128) }),
  tensors: z.strictObject({ words: tensorSchema, local: tensorSchema }),
});

type TensorHeader = z.infer<typeof tensorSchema>;

function readHeader(bytes: Uint8Array) {
  if (bytes.length < LENGTH_PREFIX_BYTES) {
    throw new ConceptFileError(`expected a safetensors file, got ${bytes.length} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getBigUint64(0, true);
  if (headerBytes > BigInt(Math.min(MAX_HEADER_BYTES, bytes.length - LENGTH_PREFIX_BYTES))) {
    throw new ConceptFileError(
      `expected a header of at most ${MAX_HEADER_BYTES} bytes within the file, got a length of ${headerBytes}`,
    );
  }
  const dataStart = LENGTH_PREFIX_BYTES + Number(headerBytes);
  const { metadata, tensors } = parseHeader(bytes.subarray(LENGTH_PREFIX_BYTES, dataStart), bytes.length - dataStart);
  const header = headerSchema.safeParse({ metadata, tensors: Object.fromEntries(tensors) });
  if (!header.success) {
    throw new ConceptFileError(`expected the header of a concept file: ${z.prettifyError(header.error)}`);
  }
  return { header: header.data, data: bytes.subarray(dataStart) };
}

function parseHeader(header: Uint8Array, dataBytes: number): SafetensorsHeader {
  try {
    return parseSafetensorsHeader(new TextDecoder('utf-8', { fatal: true }).decode(header), dataBytes);
  } catch (cause) {
    const reason = cause instanceof SafetensorsError ? cause.message : 'the header is not UTF-8';
    throw new ConceptFileError(`expected a safetensors file: ${reason}`, { cause });
  }
}

function readTensor(name: string, { shape, begin, end }: TensorHeader, data: Uint8Array): Float32Array {
  const [, columns] = shape;
  const copy = new Uint8Array(data.subarray(begin, end)); // aligned and alone in its buffer, also where `data` is Node's Buffer
  const values = new Float32Array(copy.buffer); // little-endian, as is every platform this runs on
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new ConceptFileError(
      `${name}[${Math.floor(bad / columns)}, ${bad % columns}]: expected a finite number, got ${values[bad]}`,
    );
  }
  return values;
}

/** Reads and checks a concept file; throws ConceptFileError saying what was expected, what came, and where. */
export function readConceptFile(bytes: Uint8Array): ConceptFile {
  const { header, data } = readHeader(bytes);
  const [wordCount, dim] = header.tensors.words.shape;
  const [patches, localDim] = header.tensors.local.shape;
  if (dim !== localDim) {
    throw new ConceptFileError(`expected words and local of one width, got ${dim} and ${localDim}`);
  }
  const words = readTensor('words', header.tensors.words, data);
  const local = readTensor('local', header.tensors.local, data);
  return { words, local, wordCount, patches, dim, model: header.metadata.model };
}

/** Throws ConceptFileError unless the file is for this very model. */
export function checkConceptFileModel(file: ConceptFile, model: ModelDescription): void {
  if (file.model !== model.fingerprint) {
    throw new ConceptFileError(`expected a concept of model ${model.fingerprint}, got one of ${file.model}`);
  }
  const expected = [model.words, model.embedding.patches, model.embedding.dim];
  const actual = [file.wordCount, file.patches, file.dim];
  if (expected.some((size, i) => size !== actual[i])) {
    throw new ConceptFileError(`expected [words, patches, dim] of ${expected}, got ${actual}`);
  }
}

/** The bytes readConceptFile reads; equal concepts give equal bytes. */
export function writeConceptFile(concept: ConceptFile): Uint8Array {
  const { words, local, wordCount, patches, dim } = concept;
  if (words.length !== wordCount * dim || local.length !== patches * dim) {
    throw new ConceptFileError(
      `expected ${wordCount * dim} and ${patches * dim} numbers for words and local, got ${words.length} and ${local.length}`,
    );
  }
  const layout = layOutSafetensors(
    [
      { name: 'words', dtype: 'F32', shape: [wordCount, dim], values: words },
      { name: 'local', dtype: 'F32', shape: [patches, dim], values: local },
    ],
    { format: FORMAT, version: '1', model: concept.model },
  );
  const header = new TextEncoder().encode(layout.header);
  const file = new Uint8Array(LENGTH_PREFIX_BYTES + header.length + 4 * (words.length + local.length));
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, LENGTH_PREFIX_BYTES);
  let at = LENGTH_PREFIX_BYTES + header.length;
  for (const { values } of layout.tensors) {
    file.set(new Uint8Array(values.slice().buffer), at);
    at += values.byteLength;
  }
  return file;
}
