/**
 * How much came in the last seconds.
 *
 * @module
 */

/** Milliseconds of one bucket. */
const BUCKET_MS = 100;

/** A sum over a sliding window, kept in buckets of a tenth of a second. */
export class RateWindow {
  readonly #buckets: Float64Array;
  #newest = -Infinity;
  #startedAt: number | undefined;

  /** Looks back `windowMs` milliseconds. */
  constructor(windowMs: number) {
    this.#buckets = new Float64Array(Math.ceil(windowMs / BUCKET_MS));
  }

  /** Adds `amount` at `now` (milliseconds). */
  add(amount: number, now: number): void {
    this.#startedAt ??= now;
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
    const bucketStart = this.#buckets.length === 1
      ? BUCKET_MS
      : (this.#buckets.length - 1) * BUCKET_MS + now % BUCKET_MS;
    const span = Math.min(bucketStart, now - this.#startedAt);
    return span < BUCKET_MS ? 0 : this.sum(now) * 1000 / span;
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
