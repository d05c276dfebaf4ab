import type { FileBytes } from './file-bytes.ts';
import { WeightsError } from './weights-error.ts';

/** The bytes of one stored file inside an archive. */
export type ZipEntry = { name: string; offset: number; length: number };

type Directory = { count: number; offset: number; length: number };
type DirectoryRecord = { name: string; localHeaderOffset: number; length: number };

const END_RECORD_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_END_RECORD_BYTES = 56;
const DIRECTORY_RECORD_BYTES = 46;
const LOCAL_HEADER_BYTES = 30;
/** A UNet of 686 tensors takes 60 KB. */
const MAX_DIRECTORY_BYTES = 32 * 1024 * 1024;
const UNKNOWN_16 = 0xffff;
const UNKNOWN_32 = 0xffff_ffff;

/**
 * Lists a zip archive whose entries are stored as they are, zip64 included (PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3).
 * Nothing is inflated: what an archive holds can be no larger than the file.
 *
 * @throws WeightsError for compressed or encrypted entries, ones that overlap or lie outside the file, and duplicates, by name.
 */
export function readZipEntries(bytes: FileBytes): Map<string, ZipEntry> {
  const directory = locateDirectory(bytes);
  const entries = readDirectory(bytes, directory).map((record) => locateEntry(bytes, record));
  requireApart(bytes.file, entries, directory.offset);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  if (byName.size !== entries.length) throw new WeightsError(bytes.file, 'two zip entries have the same name');
  return byName;
}

function locateDirectory(bytes: FileBytes): Directory {
  const tail = bytes.read(
    Math.max(0, bytes.size - END_RECORD_BYTES - MAX_COMMENT_BYTES),
    Math.min(bytes.size, END_RECORD_BYTES + MAX_COMMENT_BYTES),
  );
  const at = findEndRecord(tail);
  if (at === undefined)
    throw new WeightsError(
      bytes.file,
      'not a zip archive, or one cut short; a file that torch saved before 1.6 must be loaded and saved again',
    );
  const directory = {
    count: tail.readUInt16LE(at + 10),
    length: tail.readUInt32LE(at + 12),
    offset: tail.readUInt32LE(at + 16),
  };
  const isZip64 = directory.count === UNKNOWN_16 || directory.length === UNKNOWN_32 || directory.offset === UNKNOWN_32;
  const located = isZip64 ? locateZip64Directory(bytes, bytes.size - tail.length + at) : directory;
  if (located.length > MAX_DIRECTORY_BYTES)
    throw new WeightsError(
      bytes.file,
      `zip directory of ${located.length} bytes, at most ${MAX_DIRECTORY_BYTES} allowed`,
    );
  return located;
}

/** The record at the very end: a signature whose comment reaches exactly to the end of the file. */
function findEndRecord(tail: Buffer): number | undefined {
  for (let at = tail.length - END_RECORD_BYTES; at >= 0; at--)
    if (tail.readUInt32LE(at) === 0x0605_4b50 && at + END_RECORD_BYTES + tail.readUInt16LE(at + 20) === tail.length)
      return at;
  return undefined;
}

function locateZip64Directory(bytes: FileBytes, endRecordOffset: number): Directory {
  const locator = bytes.read(endRecordOffset - ZIP64_LOCATOR_BYTES, ZIP64_LOCATOR_BYTES);
  if (locator.readUInt32LE(0) !== 0x0706_4b50) throw new WeightsError(bytes.file, 'the zip64 locator is missing');
  const record = bytes.read(Number(locator.readBigUInt64LE(8)), ZIP64_END_RECORD_BYTES);
  if (record.readUInt32LE(0) !== 0x0606_4b50) throw new WeightsError(bytes.file, 'the zip64 end record is missing');
  return {
    count: Number(record.readBigUInt64LE(32)),
    length: Number(record.readBigUInt64LE(40)),
    offset: Number(record.readBigUInt64LE(48)),
  };
}

function readDirectory(bytes: FileBytes, { count, offset, length }: Directory): DirectoryRecord[] {
  const directory = bytes.read(offset, length);
  const records: DirectoryRecord[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + DIRECTORY_RECORD_BYTES > length || directory.readUInt32LE(at) !== 0x0201_4b50)
      throw new WeightsError(bytes.file, `zip directory: expected ${count} records, ${i} are readable`);
    const nameEnd = at + DIRECTORY_RECORD_BYTES + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    if (extraEnd > length) throw new WeightsError(bytes.file, `zip directory: record ${i} runs past its end`);
    records.push(readRecord(bytes.file, directory.subarray(at, extraEnd), nameEnd - at));
    at = extraEnd + directory.readUInt16LE(at + 32);
  }
  return records;
}

function readRecord(file: string, record: Buffer, nameEnd: number): DirectoryRecord {
  const name = record.toString('utf8', DIRECTORY_RECORD_BYTES, nameEnd);
  const method = record.readUInt16LE(10);
  if (method !== 0)
    throw new WeightsError(file, `zip entry "${name}" is compressed (method ${method}), expected stored`);
  if (record.readUInt16LE(8) & 1) throw new WeightsError(file, `zip entry "${name}" is encrypted`);
  const [length, storedLength, localHeaderOffset] = zip64Values(record.subarray(nameEnd), [
    record.readUInt32LE(24),
    record.readUInt32LE(20),
    record.readUInt32LE(42),
  ]) as [number, number, number];
  if (length !== storedLength)
    throw new WeightsError(file, `zip entry "${name}" claims ${length} bytes but stores ${storedLength}`);
  return { name, localHeaderOffset, length };
}

/** Replaces those of the 32-bit values that are all ones by the 64-bit ones of the zip64 extra field, which holds only them, in order. */
function zip64Values(extra: Buffer, values: number[]): number[] {
  let field = Buffer.alloc(0);
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2))
    if (extra.readUInt16LE(at) === 1) field = Buffer.from(extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2)));
  let at = 0;
  return values.map((value) => {
    if (value !== UNKNOWN_32 || at + 8 > field.length) return value;
    at += 8;
    return Number(field.readBigUInt64LE(at - 8));
  });
}

function locateEntry(bytes: FileBytes, { name, localHeaderOffset, length }: DirectoryRecord): ZipEntry {
  const header = bytes.read(localHeaderOffset, LOCAL_HEADER_BYTES);
  if (header.readUInt32LE(0) !== 0x0403_4b50)
    throw new WeightsError(bytes.file, `zip entry "${name}": no local header at byte ${localHeaderOffset}`);
  const offset = localHeaderOffset + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  return { name, offset, length };
}

function requireApart(file: string, entries: readonly ZipEntry[], directoryOffset: number): void {
  let previous: ZipEntry = { name: 'the start of the file', offset: 0, length: 0 };
  for (const entry of entries.toSorted((a, b) => a.offset - b.offset || a.length - b.length)) {
    if (entry.offset < previous.offset + previous.length)
      throw new WeightsError(file, `zip entries "${previous.name}" and "${entry.name}" overlap`);
    previous = entry;
  }
  if (previous.offset + previous.length > directoryOffset)
    throw new WeightsError(
      file,
      `zip entry "${previous.name}" runs past byte ${directoryOffset}, where the directory begins`,
    );
}
