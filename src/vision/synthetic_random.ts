/**
 * Chance that repeats, for made-up pictures.
 *
 * @module
 */

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export class SceneRandom {
  #state: number;

  /** Starts at `seed`, any integer. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** The next number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A number from `low` to `high`. */
  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }
}

/** `count` bytes of noise around 128 with this standard deviation, from a sum of uniform numbers. */
export function noiseTable(
  count: number,
  deviation: number,
  random: SceneRandom,
): Int8Array {
  // Four uniform numbers have the variance 4/12: close enough to a normal distribution.
  const scale = deviation / Math.sqrt(1 / 3);
  return Int8Array.from({ length: count }, () => {
    const sum = random.next() + random.next() + random.next() + random.next();
    return Math.max(-127, Math.min(127, Math.round((sum - 2) * scale)));
  });
}
