import { crc32 } from 'node:zlib';

const SIGNATURE_BYTES = 8;
const LENGTH_AND_TYPE_BYTES = 8;
const CRC_BYTES = 4;
const HEADER_DATA_BYTES = 13;
/** Where the header chunk, which is always the first, ends. */
const HEADER_END = SIGNATURE_BYTES + LENGTH_AND_TYPE_BYTES + HEADER_DATA_BYTES + CRC_BYTES;

/** Printable ASCII without spaces at the ends or two in a row: what every reader takes of PNG's Latin-1. */
const KEYWORD = /^(?=.{1,79}$)[!-~]+( [!-~]+)*$/;

/**
 * Adds text to a PNG behind its header, one uncompressed UTF-8 chunk (iTXt) for each keyword (PNG specification, third edition, 11.3.3).
 *
 * @throws RangeError for a keyword that PNG does not allow
 */
export function insertPngText(png: Buffer, text: Readonly<Record<string, string>>): Buffer {
  const chunks = Object.entries(text).map(([keyword, value]) => textChunk(keyword, value));
  return Buffer.concat([png.subarray(0, HEADER_END), ...chunks, png.subarray(HEADER_END)]);
}

function textChunk(keyword: string, value: string): Buffer {
  if (!KEYWORD.test(keyword))
    throw new RangeError(`expected a PNG keyword of 1 to 79 ASCII characters, got "${keyword}"`);
  // keyword, not compressed, no language, no translated keyword; a zero would end the text early
  const data = Buffer.from(`${keyword}\0\0\0\0\0${value.replaceAll('\0', '\u{fffd}')}`);
  const typeAndData = Buffer.concat([Buffer.from('iTXt'), data]);
  const chunk = Buffer.alloc(typeAndData.length + 8);
  chunk.writeUInt32BE(data.length);
  typeAndData.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(typeAndData), chunk.length - CRC_BYTES);
  return chunk;
}
