// @ts-check
/**
 * Measurements of the last while, for lines that move.
 *
 * @module
 */

/** Measurements further apart than this are not joined: nothing was measured between them. */
const GAP_MS = 3000;

/** At two a second this is ten minutes: a faster server must not grow the page. */
const MAX_SAMPLES = 1200;

/** @typedef {{at: number, value: number}} Sample */

/** The samples of the last `windowMs` milliseconds. */
export class History {
  /** @type {Sample[]} */
  #samples = [];
  #windowMs;

  /** @param {number} windowMs */
  constructor(windowMs) {
    this.#windowMs = windowMs;
  }

  /**
   * @param {number} at in milliseconds, growing
   * @param {number} value
   */
  add(at, value) {
    this.#samples.push({ at, value });
    const oldest = at - this.#windowMs;
    while (
      (this.#samples[0]?.at ?? Infinity) < oldest ||
      this.#samples.length > MAX_SAMPLES
    ) this.#samples.shift();
  }

  /** The newest one. */
  get latest() {
    return this.#samples.at(-1);
  }

  /** The largest value, 0 when there is none. */
  max() {
    return this.#samples.reduce((max, { value }) => Math.max(max, value), 0);
  }

  /** Samples that follow one another without a gap. @returns {Sample[][]} */
  runs() {
    /** @type {Sample[][]} */
    const runs = [];
    let last = -Infinity;
    for (const sample of this.#samples) {
      if (sample.at - last > GAP_MS) runs.push([]);
      runs.at(-1)?.push(sample);
      last = sample.at;
    }
    return runs;
  }
}
