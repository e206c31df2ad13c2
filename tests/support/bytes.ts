/**
 * Comparing bytes. `assert.deepEqual` on two long arrays that differ draws a
 * line for each byte, which takes minutes for a picture.
 *
 * @module
 */

import assert from "node:assert/strict";

/** Bytes shown around the first difference. */
const CONTEXT_BYTES = 8;

/** Fails, naming the first difference, when `actual` and `expected` differ. */
export function assertSameBytes(
  actual: Uint8Array,
  expected: Uint8Array,
  what = "bytes",
): void {
  const length = Math.min(actual.length, expected.length);
  let at = 0;
  while (at < length && actual[at] === expected[at]) at++;
  if (at === length && actual.length === expected.length) return;
  const from = Math.max(0, at - CONTEXT_BYTES);
  assert.fail(
    `The ${what} differ at ${at}: ${actual.length} bytes with ${
      hex(actual.subarray(from, at + CONTEXT_BYTES))
    }, expected ${expected.length} bytes with ${
      hex(expected.subarray(from, at + CONTEXT_BYTES))
    } from ${from} on`,
  );
}

/** `bytes` as pairs of hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join(" ");
}

/** The bytes written as hexadecimal digits; blanks do not count. */
export function bytesOf(digits: string): Uint8Array<ArrayBuffer> {
  const pairs = digits.replace(/\s+/g, "").match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}
