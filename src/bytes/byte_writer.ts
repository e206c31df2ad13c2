/**
 * Writes numbers and bytes one after another, big-endian (network byte order,
 * RFC 1700) unless the method's name says otherwise.
 *
 * @module
 */

/** A growing output buffer; {@linkcode ByteWriter.finish} gives what was written. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #length = 0;

  /** Room for `capacity` bytes before the first growth. */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(Math.max(16, capacity));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** Makes room first: the view that a caller writes to may be a new one afterwards. */
  #reserve(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
    return at;
  }

  /** Unsigned 8-bit integer. */
  uint8(value: number): this {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
    return this;
  }

  /** Unsigned 16-bit integer. */
  uint16(value: number): this {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value);
    return this;
  }

  /** Unsigned 24-bit integer. */
  uint24(value: number): this {
    const at = this.#reserve(3);
    this.#view.setUint8(at, value >>> 16);
    this.#view.setUint16(at + 1, value & 0xffff);
    return this;
  }

  /** Unsigned 32-bit integer. */
  uint32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
    return this;
  }

  /** Signed 32-bit integer. */
  int32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setInt32(at, value);
    return this;
  }

  /** Unsigned 64-bit integer. */
  uint64(value: bigint): this {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, value);
    return this;
  }

  /** Unsigned 32-bit integer, little-endian. */
  uint32le(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  /** A copy of `bytes`. */
  bytes(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Everything written, as a view of the writer's own buffer. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}
