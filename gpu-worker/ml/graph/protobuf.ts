/** Writes the protocol-buffers wire format: the few field kinds that ONNX messages use. */
export class ProtobufWriter {
  readonly #chunks: Uint8Array[] = [];

  /** A signed or unsigned integer (wire type 0); negative numbers take ten bytes, as the format asks. */
  int(field: number, value: number | bigint): this {
    return this.#append(varint(BigInt(field) << 3n), varint(BigInt(value)));
  }

  /** A 32-bit float (wire type 5). */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#append(varint((BigInt(field) << 3n) | 5n), bytes);
  }

  /** Bytes with their length (wire type 2). */
  bytes(field: number, value: Uint8Array): this {
    return this.#append(varint((BigInt(field) << 3n) | 2n), varint(BigInt(value.byteLength)), value);
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: ProtobufWriter): this {
    return this.bytes(field, value.finish());
  }

  finish(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }

  #append(...chunks: Uint8Array[]): this {
    this.#chunks.push(...chunks);
    return this;
  }
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
