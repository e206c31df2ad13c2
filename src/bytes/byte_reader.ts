/**
 * A cursor over bytes, big-endian (network byte order, RFC 1700) unless the
 * method's name says otherwise.
 *
 * Every read checks the bounds and throws `RangeError` when fewer bytes are
 * left than asked for, so a parser built on it cannot read past its input.
 *
 * @module
 */

/** Reads numbers and slices from a `Uint8Array`; slices are views, not copies. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  /** Starts at the first of `bytes`. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Position of the next byte to read, from 0. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  #advance(count: number): number {
    if (count < 0 || count > this.remaining) {
      throw new RangeError(
        `Cannot read ${count} bytes: ${this.remaining} are left`,
      );
    }
    const at = this.#offset;
    this.#offset += count;
    return at;
  }

  /** Unsigned 8-bit integer. */
  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  /** Unsigned 16-bit integer. */
  uint16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  /** Unsigned 24-bit integer. */
  uint24(): number {
    const at = this.#advance(3);
    return (this.#view.getUint8(at) << 16) | this.#view.getUint16(at + 1);
  }

  /** Unsigned 32-bit integer. */
  uint32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  /** Signed 32-bit integer. */
  int32(): number {
    return this.#view.getInt32(this.#advance(4));
  }

  /** Unsigned 64-bit integer. */
  uint64(): bigint {
    return this.#view.getBigUint64(this.#advance(8));
  }

  /** Unsigned 32-bit integer, little-endian. */
  uint32le(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  /** The next `count` bytes as a view of the input. */
  bytes(count: number): Uint8Array {
    const at = this.#advance(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** All bytes that are left, as a view of the input. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /** Steps over `count` bytes. */
  skip(count: number): void {
    this.#advance(count);
  }
}
