/**
 * A chain's key and what is derived from it.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";

/** Shortest secret: 128 bits, when they are random. */
export const MIN_SECRET_BYTES = 16;
/** Longest: more is a wrong file. */
export const MAX_SECRET_BYTES = 64 * 1024;

/** Bytes of a tag: HMAC-SHA-256-128 (RFC 4868). */
export const TAG_BYTES = 16;

/** Block of SHA-256 in bytes (RFC 2104). */
const BLOCK_BYTES = 64;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/**
 * A key for HMAC-SHA-256 (RFC 2104). Two native hashes a message: that takes
 * half the time of `createHmac`, which sets itself up anew each time.
 */
export class MacKey {
  readonly #inner = new Uint8Array(BLOCK_BYTES).fill(INNER_PAD);
  readonly #outer = new Uint8Array(BLOCK_BYTES).fill(OUTER_PAD);

  /** Of any bytes. */
  constructor(bytes: Uint8Array) {
    const key = bytes.length <= BLOCK_BYTES
      ? bytes
      : createHash("sha256").update(bytes).digest();
    key.forEach((byte, at) => {
      this.#inner[at]! ^= byte;
      this.#outer[at]! ^= byte;
    });
  }

  /** The code of `message`, 32 bytes. */
  mac(message: Uint8Array): Uint8Array {
    const inner = createHash("sha256").update(this.#inner).update(message)
      .digest();
    return createHash("sha256").update(this.#outer).update(inner).digest();
  }

  /** The code of a text in hexadecimal, cut to a tag. */
  tagOf(text: string): string {
    const code = this.mac(new TextEncoder().encode(text));
    return code.subarray(0, TAG_BYTES).toHex();
  }

  /** Another key, for what `label` says. */
  derive(label: string): MacKey {
    return new MacKey(this.mac(new TextEncoder().encode(label)));
  }
}

/** Compares in a time that does not tell where they differ. */
export function sameTag(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => new TextEncoder().encode(text));
  return a!.length === b!.length && timingSafeEqual(a!, b!);
}

/**
 * The key of a chain, from the content of a key file: the white space around
 * it does not count.
 *
 * @throws {RangeError} when it is too short or too long. The message does not quote it.
 */
export function readChainKey(content: Uint8Array): MacKey {
  const isSpace = (byte: number | undefined): boolean =>
    byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
  let start = 0;
  let end = content.length;
  while (start < end && isSpace(content[start])) start++;
  while (end > start && isSpace(content[end - 1])) end--;
  const length = end - start;
  if (length < MIN_SECRET_BYTES || length > MAX_SECRET_BYTES) {
    throw new RangeError(
      `Cannot use the key: it has ${length} bytes and not ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES}`,
    );
  }
  return new MacKey(content.subarray(start, end)).derive("streamtool chain 1");
}
