/**
 * How much came in the last seconds.
 *
 * @module
 */

/** Milliseconds of one bucket. */
export const BUCKET_MS = 100;

/** A sum over a sliding window, kept in buckets of a tenth of a second. */
export class RateWindow {
  readonly #buckets: Float64Array;
  #newest = -Infinity;
  #startedAt: number | undefined;
  /** What came at the very beginning: it belongs to the time before. */
  #first = 0;

  /** Looks back `windowMs` milliseconds. */
  constructor(windowMs: number) {
    this.#buckets = new Float64Array(Math.ceil(windowMs / BUCKET_MS));
  }

  /** Adds `amount` at `now` (milliseconds). */
  add(amount: number, now: number): void {
    if (this.#startedAt === undefined) {
      this.#startedAt = now;
      this.#first = amount;
    }
    this.#advance(now);
    this.#buckets[this.#newest % this.#buckets.length]! += amount;
  }

  /** What came in the window. */
  sum(now: number): number {
    this.#advance(now);
    return this.#buckets.reduce((sum, one) => sum + one, 0);
  }

  /** What came a second; after the beginning over the time there has been. */
  perSecond(now: number): number {
    if (this.#startedAt === undefined) return 0;
    const full = (this.#buckets.length - 1) * BUCKET_MS + now % BUCKET_MS;
    const since = now - this.#startedAt;
    if (since >= full) return this.sum(now) * 1000 / full;
    return since < BUCKET_MS ? 0 : (this.sum(now) - this.#first) * 1000 / since;
  }

  /** Forgets everything. */
  reset(): void {
    this.#buckets.fill(0);
    this.#startedAt = undefined;
  }

  #advance(now: number): void {
    const bucket = Math.floor(now / BUCKET_MS);
    const passed = Math.min(bucket - this.#newest, this.#buckets.length);
    for (let i = 0; i < passed; i++) {
      this.#buckets[(bucket - i) % this.#buckets.length] = 0;
    }
    this.#newest = Math.max(this.#newest, bucket);
  }
}
