/**
 * Whether frames may be written in place, which the stream waits for, or only
 * in the background, which costs five times as much.
 *
 * A write into the page cache is over in a tenth of a millisecond, and then
 * handing it to another thread is what is dear. A disk that is full of
 * other work, asleep or behind a network makes the very same call take
 * seconds. So a disk must show first that it is quick; one slow write and it
 * has to show it again, for longer each time.
 *
 * @module
 */

/**
 * A slower write is noticed by the stream: more than the worst that a hop may
 * add (8 ms).
 */
export const SLOW_WRITE_MS = 8;

/** Quick writes in a row that a disk has to show at first: half a second of them. */
const FIRST_TRIAL = 15;

/** How much longer each time, and at most: ten seconds at 30 frames a second. */
const TRIAL_GROWTH = 4;
const LONGEST_TRIAL = 300;

/** Learns from how long writes take. */
export class DiskPace {
  #quick = 0;
  #trial = FIRST_TRIAL;

  /** Whether the next write may be in place. */
  get isQuick(): boolean {
    return this.#quick >= this.#trial;
  }

  /** A write, of either kind, took so long. */
  note(milliseconds: number): void {
    if (milliseconds < SLOW_WRITE_MS) {
      this.#quick++;
      return;
    }
    if (this.isQuick) {
      this.#trial = Math.min(this.#trial * TRIAL_GROWTH, LONGEST_TRIAL);
    }
    this.#quick = 0;
  }
}
