/**
 * How far two clocks run from each other, seen through a jittery network.
 *
 * @module
 */

/**
 * Milliseconds of a window. The fastest packet of a window has hardly waited
 * anywhere, so the change of that minimum from window to window is the clocks'.
 */
const WINDOW_MS = 5000;

/** Follows the difference between arrival times and the sender's times. */
export class ClockDrift {
  #first: number | undefined;
  #least = Infinity;
  #windowEndsAt: number | undefined;
  #drift = 0;

  /** Milliseconds that the sender's clock has fallen behind ours (negative: run ahead) since the start. */
  get milliseconds(): number {
    return this.#drift;
  }

  /** Something sent at `sentAt` on the sender's clock arrived at `arrivedAt` on ours, both in milliseconds. */
  add(sentAt: number, arrivedAt: number): void {
    this.#windowEndsAt ??= arrivedAt + WINDOW_MS;
    if (arrivedAt >= this.#windowEndsAt) {
      if (this.#first === undefined) this.#first = this.#least;
      else this.#drift = this.#least - this.#first;
      this.#least = Infinity;
      this.#windowEndsAt = arrivedAt + WINDOW_MS;
    }
    this.#least = Math.min(this.#least, arrivedAt - sentAt);
  }

  /** The sender's clock begins anew. */
  reset(): void {
    this.#first = undefined;
    this.#least = Infinity;
    this.#windowEndsAt = undefined;
    this.#drift = 0;
  }
}
