import { z } from 'zod';

/** Bytes of one element, by safetensors dtype name. The sub-byte and 8-bit float dtypes are left out: nothing here uses them. */
export const SAFETENSORS_DTYPE_BYTES = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;

export type SafetensorsDtype = keyof typeof SAFETENSORS_DTYPE_BYTES;

/** Where one tensor lies: byte range [begin, end) counted from the first byte after the header. */
export type SafetensorsEntry = { dtype: SafetensorsDtype; shape: readonly number[]; begin: number; end: number };

export type SafetensorsHeader = { metadata: Readonly<Record<string, string>>; tensors: Map<string, SafetensorsEntry> };

/** The first 8 bytes of a file give the header's length (little-endian). The format's own reader refuses longer ones than this. */
export const MAX_SAFETENSORS_HEADER_BYTES = 100_000_000;

const size = z.int().nonnegative();
const entrySchema = z.strictObject({
  dtype: z.enum(Object.keys(SAFETENSORS_DTYPE_BYTES) as [SafetensorsDtype, ...SafetensorsDtype[]]),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
});
const metadataSchema = z.record(z.string(), z.string());

/** A header that breaks the format; the message names the tensor, the caller adds the file. */
export class SafetensorsError extends Error {
  override name = 'SafetensorsError';
}

/**
 * Reads the JSON header of a safetensors file (https://github.com/huggingface/safetensors#format).
 * `dataBytes` is how many bytes follow the header. As in the format's own reader the tensors must
 * fill them exactly: overlaps, gaps, truncation and trailing bytes are refused.
 *
 * @throws SafetensorsError
 */
export function parseSafetensorsHeader(text: string, dataBytes: number): SafetensorsHeader {
  const { __metadata__: metadata, ...entries } = parseObject(text);
  const tensors = new Map(Object.entries(entries).map(([name, entry]) => [name, parseEntry(name, entry)] as const));
  requireExactCover(tensors, dataBytes);
  const parsed = metadataSchema.safeParse(metadata ?? {});
  if (!parsed.success) throw new SafetensorsError('__metadata__ must map strings to strings');
  return { metadata: parsed.data, tensors };
}

function parseObject(text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new SafetensorsError('the header is not JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new SafetensorsError('the header is not a JSON object');
  return json as Record<string, unknown>;
}

function parseEntry(name: string, json: unknown): SafetensorsEntry {
  const parsed = entrySchema.safeParse(json);
  if (!parsed.success) throw new SafetensorsError(`tensor "${name}": ${z.prettifyError(parsed.error)}`);
  const { dtype, shape, data_offsets } = parsed.data;
  const [begin, end] = data_offsets;
  const expectedBytes = tensorBytes(dtype, shape);
  if (end - begin !== expectedBytes)
    throw new SafetensorsError(
      `tensor "${name}": ${dtype} [${shape.join(', ')}] takes ${expectedBytes} bytes, data_offsets hold ${end - begin}`,
    );
  return { dtype, shape, begin, end };
}

function requireExactCover(tensors: ReadonlyMap<string, SafetensorsEntry>, dataBytes: number): void {
  let covered = 0;
  for (const [name, { begin, end }] of [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered)
      throw new SafetensorsError(
        `tensor "${name}" begins at byte ${begin}, expected ${covered}: tensors overlap or leave a gap`,
      );
    covered = end;
  }
  if (covered !== dataBytes)
    throw new SafetensorsError(`the tensors take ${covered} bytes, the file holds ${dataBytes} after the header`);
}

/** Bytes of a tensor without padding. */
export function tensorBytes(dtype: SafetensorsDtype, shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, SAFETENSORS_DTYPE_BYTES[dtype]);
}

/**
 * Lays tensors out one after another, wide elements first so that each stays aligned to its own size,
 * and writes the header: `tensors` lists them in the order their bytes must follow.
 * Non-ASCII text is escaped, so the header is as many bytes as it has characters; it is padded
 * with spaces so that the data starts at a multiple of 8 in the file.
 */
export function layOutSafetensors<T extends { name: string; dtype: SafetensorsDtype; shape: readonly number[] }>(
  tensors: readonly T[],
  metadata: Readonly<Record<string, string>> = {},
): { header: string; tensors: T[] } {
  const ordered = tensors.toSorted((a, b) => SAFETENSORS_DTYPE_BYTES[b.dtype] - SAFETENSORS_DTYPE_BYTES[a.dtype]);
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let begin = 0;
  for (const { name, dtype, shape } of ordered) {
    const end = begin + tensorBytes(dtype, shape);
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
    begin = end;
  }
  const json = JSON.stringify(Object.fromEntries(entries)).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return { header: json.padEnd(Math.ceil(json.length / 8) * 8), tensors: ordered };
}
