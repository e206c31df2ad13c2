/**
 * A rate with a burst.
 *
 * @module
 */

/** Tokens come at a steady rate up to a fullest state, and what happens takes some. */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perMs: number;
  #tokens: number;
  #at: number | undefined;

  /** Holds `capacity` tokens, full at first, and gains `perSecond`. */
  constructor(capacity: number, perSecond: number) {
    this.#capacity = capacity;
    this.#perMs = perSecond / 1000;
    this.#tokens = capacity;
  }

  /** Takes `count` tokens when they are there; `now` in ms. */
  take(count: number, now: number): boolean {
    this.#refill(now);
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** Milliseconds until `count` tokens (at most the capacity) are there. */
  waitFor(count: number, now: number): number {
    this.#refill(now);
    const missing = Math.min(count, this.#capacity) - this.#tokens;
    return missing <= 0 ? 0 : Math.ceil(missing / this.#perMs);
  }

  #refill(now: number): void {
    const passed = Math.max(0, now - (this.#at ?? now));
    this.#at = now;
    this.#tokens = Math.min(
      this.#capacity,
      this.#tokens + passed * this.#perMs,
    );
  }
}
