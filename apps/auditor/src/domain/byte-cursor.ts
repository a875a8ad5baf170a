import type { Bytes } from '@assay/shared/kernel/bytes';

/** Thrown inside a decoder and caught at its door: the bytes are no such thing. */
export class Undecodable extends Error {
  override readonly name = 'Undecodable';
}

/** Reads the little-endian layouts of Bitcoin from the front of `bytes`. */
export class ByteCursor {
  readonly #bytes: Bytes;
  #at: number;

  constructor(bytes: Bytes, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  take(length: number): Bytes {
    const begin = this.#at;
    this.skip(length);
    return this.#bytes.subarray(begin, this.#at);
  }

  skip(length: number): void {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Undecodable('bytes end too early');
    this.#at = end;
  }

  /** The byte `ahead` of the cursor, or undefined behind the end. */
  peek(ahead: number): number | undefined {
    return this.#bytes[this.#at + ahead];
  }

  u32(): number {
    const bytes = this.take(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  }

  u64(): bigint {
    const bytes = this.take(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  }

  /** A compact size, which nodes accept only in its shortest form. */
  compactSize(): number {
    const first = this.peek(0) ?? 0;
    this.skip(1);
    if (first < 0xfd) return first;
    // Nothing that fits a block is counted in 64 bits.
    if (first === 0xff) throw new Undecodable('compact size beyond any block');
    const value = first === 0xfd ? this.#u16() : this.u32();
    if (value < (first === 0xfd ? 0xfd : 0x1_0000)) throw new Undecodable('compact size not in its shortest form');
    return value;
  }

  #u16(): number {
    const bytes = this.take(2);
    return new DataView(bytes.buffer, bytes.byteOffset, 2).getUint16(0, true);
  }
}
