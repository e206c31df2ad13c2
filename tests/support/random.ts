/**
 * Chance that repeats: the same seed gives the same run.
 *
 * @module
 */

/** Numbers drawn before the first one is given: a small seed needs them to mix. */
const WARM_UP = 8;

/** A generator of numbers in [0, 1): xorshift32 (G. Marsaglia, "Xorshift RNGs", 2003). */
export class SeededRandom {
  #state: number;

  /** Starts at `seed`, any integer. */
  constructor(seed: number) {
    // The state must not be zero; the odd factor spreads neighbouring seeds.
    this.#state = Math.imul(seed, 0x9e3779b1) || 1;
    for (let i = 0; i < WARM_UP; i++) this.next();
  }

  /** The next number in [0, 1). */
  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) / 0x1_0000_0000;
  }

  /** The next integer in [0, `below`). */
  integer(below: number): number {
    return Math.floor(this.next() * below);
  }
}
