/**
 * How many frames a second arrive now, as opposed to what a client says.
 *
 * @module
 */

/** The rate is measured over so many milliseconds, in as many slots. */
const SLOT_MS = 250;
const SLOTS = 8;

/** Counts frames of the last two seconds; times are milliseconds of any clock. */
export class FrameRate {
  readonly #counts = new Uint32Array(SLOTS);
  #slot = 0;
  #first: number | undefined;

  /** A frame came. */
  count(now: number): void {
    this.#first ??= now;
    this.#advance(now);
    this.#counts[this.#slot % SLOTS]!++;
  }

  /** Frames a second, over the last two seconds or since the first frame. */
  rate(now: number): number {
    if (this.#first === undefined) return 0;
    this.#advance(now);
    const sum = this.#counts.reduce((total, count) => total + count, 0);
    // The slot that is being filled counts as far as it is filled.
    const whole = (SLOTS - 1) * SLOT_MS + now % SLOT_MS;
    const span = Math.min(whole, Math.max(SLOT_MS, now - this.#first));
    return Math.round(sum / span * 1e4) / 10;
  }

  #advance(now: number): void {
    const slot = Math.floor(now / SLOT_MS);
    const passed = Math.min(SLOTS, slot - this.#slot);
    for (let step = 1; step <= passed; step++) {
      this.#counts[(slot - passed + step) % SLOTS] = 0;
    }
    this.#slot = Math.max(slot, this.#slot);
  }
}
