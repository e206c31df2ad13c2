/**
 * Sequence numbers that wrap around (RFC 1982, serial number arithmetic), as
 * in RTP (16 bit) and on the chain wire (32 bit).
 *
 * @module
 */

/**
 * Signed distance from `b` to `a` in a space of `bits` bits: positive when `a`
 * is newer (RFC 1982 section 3.2). The result lies in
 * [-2^(bits-1), 2^(bits-1)).
 */
export function serialDistance(a: number, b: number, bits: 16 | 32): number {
  return bits === 16 ? ((a - b) << 16) >> 16 : (a - b) | 0;
}

/** Extends a wrapping counter to one that never wraps (RFC 3550 appendix A.1). */
export class SerialExtender {
  readonly #bits: 16 | 32;
  #highest: number | undefined;

  /** For counters of `bits` bits. */
  constructor(bits: 16 | 32) {
    this.#bits = bits;
  }

  /**
   * The unwrapped number nearest to the highest one seen. The first call
   * returns `serial` itself; a result below zero means "before the first".
   */
  extend(serial: number): number {
    if (this.#highest === undefined) {
      this.#highest = serial;
      return serial;
    }
    const modulus = this.#bits === 16 ? 0x1_0000 : 0x1_0000_0000;
    const low = ((this.#highest % modulus) + modulus) % modulus;
    const extended = this.#highest + serialDistance(serial, low, this.#bits);
    if (extended > this.#highest) this.#highest = extended;
    return extended;
  }
}
