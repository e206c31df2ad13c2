/**
 * PNG files one after another, taken apart: ffmpeg writes them so.
 *
 * @module
 */

import { ReceiveBuffer } from "../../bytes/mod.ts";

/** Largest PNG; an 8K picture of noise has 100 MB. */
const MAX_PNG_BYTES = 128 * 1024 * 1024;

const SIGNATURE_BYTES = 8;
const IEND = 0x49454e44;

/** Bytes in, PNGs out. */
export class PngSplitter {
  readonly #buffer = new ReceiveBuffer(MAX_PNG_BYTES);
  #at = SIGNATURE_BYTES;

  /**
   * Adds bytes.
   *
   * @throws {RangeError} when a picture is too large.
   */
  push(bytes: Uint8Array): void {
    this.#buffer.push(bytes);
  }

  /** The next whole file; `undefined` when it needs more bytes. */
  next(): Uint8Array<ArrayBuffer> | undefined {
    const bytes = this.#buffer.peek();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    while (this.#at + 12 <= bytes.length) {
      const end = this.#at + 12 + view.getUint32(this.#at);
      if (end > bytes.length) return undefined;
      const type = view.getUint32(this.#at + 4);
      this.#at = end;
      if (type !== IEND) continue;
      this.#at = SIGNATURE_BYTES;
      return this.#buffer.take(end);
    }
    return undefined;
  }
}
