/**
 * Bytes that arrived and are not parsed yet.
 *
 * A reader pushes what the socket gave and takes messages off the front; the
 * buffer moves its content only when it must grow, so pushing byte by byte
 * stays linear.
 *
 * @module
 */

/** A FIFO of bytes with a named upper limit. */
export class ReceiveBuffer {
  #bytes = new Uint8Array(4096);
  #start = 0;
  #end = 0;
  readonly #limit: number;

  /** Holds at most `limit` bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Unread bytes. */
  get length(): number {
    return this.#end - this.#start;
  }

  /**
   * Appends a copy of `chunk`.
   *
   * @throws {RangeError} when the unread bytes would exceed the limit; nothing
   * is appended then.
   */
  push(chunk: Uint8Array): void {
    const length = this.length;
    if (length + chunk.length > this.#limit) {
      throw new RangeError(
        `Cannot buffer ${
          length + chunk.length
        } bytes: the limit is ${this.#limit}`,
      );
    }
    if (this.#end + chunk.length > this.#bytes.length) {
      this.#makeRoom(length + chunk.length);
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #makeRoom(needed: number): void {
    const size = needed > this.#bytes.length / 2
      ? Math.max(needed, this.#bytes.length * 2)
      : this.#bytes.length;
    const target = size === this.#bytes.length
      ? this.#bytes
      : new Uint8Array(size);
    target.set(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = target;
    this.#end -= this.#start;
    this.#start = 0;
  }

  /** All unread bytes as a view that the next `push` invalidates. */
  peek(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Takes `count` bytes off the front, as a copy; `undefined` when fewer are there. */
  take(count: number): Uint8Array<ArrayBuffer> | undefined {
    if (count > this.length) return undefined;
    const taken = this.#bytes.slice(this.#start, this.#start + count);
    this.discard(count);
    return taken;
  }

  /** Drops `count` bytes (or all, when fewer are there) off the front. */
  discard(count: number): void {
    this.#start += Math.min(count, this.length);
    if (this.#start === this.#end) this.#start = this.#end = 0;
  }

  /** Index of `byte` from the front, at or after `from`; -1 when it is not there. */
  indexOf(byte: number, from = 0): number {
    const at = this.#bytes.subarray(0, this.#end).indexOf(
      byte,
      this.#start + from,
    );
    return at < 0 ? -1 : at - this.#start;
  }
}
