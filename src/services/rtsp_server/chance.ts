/**
 * Chance, where keys, sessions and packets begin.
 *
 * @module
 */

/** `length` random bytes. */
export function random(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** 32 random bits. */
export function random32(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
