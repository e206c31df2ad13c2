/**
 * Takes every number once, in about the order of counting: messages that come
 * a second time, or much too late, are refused.
 *
 * @module
 */

/** Numbers behind the newest that are still told apart (RFC 4303 section 3.4.3 asks for 64). */
const WINDOW = 1024;

/** A window over numbers that grow. */
export class ReplayWindow {
  #newest = -1;
  readonly #seen = new Uint8Array(WINDOW);

  /** True at the first sight of a number that is not too old. */
  take(number: number): boolean {
    if (number < 0) return false;
    if (number > this.#newest) {
      const steps = Math.min(number - this.#newest, WINDOW);
      for (let step = 0; step < steps; step++) {
        this.#seen[(number - step) % WINDOW] = 0;
      }
      this.#newest = number;
    } else if (number <= this.#newest - WINDOW) return false;
    if (this.#seen[number % WINDOW] === 1) return false;
    this.#seen[number % WINDOW] = 1;
    return true;
  }

  /** Another sender begins, whose numbers are its own. */
  reset(): void {
    this.#newest = -1;
    this.#seen.fill(0);
  }
}
