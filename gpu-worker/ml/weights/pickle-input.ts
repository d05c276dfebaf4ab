/** Bytes that are no pickle, or one that uses what is not supported. */
export class PickleError extends Error {
  override name = 'PickleError';
}

/** Reads a pickle's bytes in order; each read past the end throws a PickleError. */
export type PickleInput = {
  /** Bytes read so far. */
  offset(): number;
  skip(length: number): void;
  uint8(): number;
  uint16(): number;
  uint32(): number;
  int32(): number;
  float64(): number;
  /** A signed little-endian integer of `length` bytes, refused where a number cannot hold it exactly. */
  integer(length: number): number;
  text(length: number): string;
  /** Text up to a line feed. */
  line(): string;
};

const LINE_FEED = 0x0a;

export function pickleInput(bytes: Buffer): PickleInput {
  let at = 0;
  const take = (length: number): number => {
    if (at + length > bytes.length)
      throw new PickleError(`ends at byte ${bytes.length}, expected ${length} more after byte ${at}`);
    at += length;
    return at - length;
  };
  const text = (length: number): string => {
    const start = take(length);
    return bytes.toString('utf8', start, start + length);
  };
  return {
    offset: () => at,
    skip: (length) => {
      take(length);
    },
    uint8: () => bytes.readUInt8(take(1)),
    uint16: () => bytes.readUInt16LE(take(2)),
    uint32: () => bytes.readUInt32LE(take(4)),
    int32: () => bytes.readInt32LE(take(4)),
    float64: () => bytes.readDoubleBE(take(8)),
    integer: (length) => {
      const start = take(length);
      return toInteger(bytes.subarray(start, start + length));
    },
    text,
    line: () => {
      const end = bytes.indexOf(LINE_FEED, at);
      if (end < 0) throw new PickleError(`no line ends after byte ${at}`);
      const line = text(end - at);
      take(1);
      return line;
    },
  };
}

function toInteger(bytes: Buffer): number {
  const bigEndian = Buffer.from(bytes).reverse().toString('hex');
  const value = Number(BigInt.asIntN(8 * bytes.length, BigInt(`0x0${bigEndian}`)));
  if (!Number.isSafeInteger(value)) throw new PickleError(`an integer of ${bytes.length} bytes is too large`);
  return value;
}
