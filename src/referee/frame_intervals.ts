/**
 * Which frame numbers have come, as intervals: a stream without gaps is one
 * interval however long it is, and frame 2,000,000,000 costs as much as frame 0.
 *
 * @module
 */

/** An inclusive range of frame numbers. */
export type FrameRange = readonly [first: number, last: number];

/**
 * Most gaps that are kept. A camera that loses every second frame for half an
 * hour makes 27,000; each costs 16 bytes.
 */
export const MAX_FRAME_GAPS = 65_536;

/** What lies between the first and the last number and has not come. */
export interface MissingFrames {
  /** How many. */
  readonly count: number;
  /** The first of them; 0 when there are none. */
  readonly first: number;
  /** The last of them; 0 when there are none. */
  readonly last: number;
  /** The lowest, at most as many as were asked for. */
  readonly lowest: readonly number[];
}

/** A set of whole numbers from 0. */
export class FrameIntervals {
  readonly #firsts: number[] = [];
  readonly #lasts: number[] = [];
  #count = 0;

  /** Numbers in the set. */
  get count(): number {
    return this.#count;
  }

  /** The highest number; -1 when there is none. */
  get highest(): number {
    return this.#lasts.at(-1) ?? -1;
  }

  /** Intervals in the set. */
  get size(): number {
    return this.#firsts.length;
  }

  /** Whether `number` is in the set. */
  has(number: number): boolean {
    const at = this.#find(number);
    return at >= 0 && number <= this.#lasts[at]!;
  }

  /**
   * Adds a number; `false` when it was there.
   *
   * @throws {RangeError} when it would make more than {@linkcode MAX_FRAME_GAPS} gaps.
   */
  add(number: number): boolean {
    const at = this.#find(number);
    if (at >= 0 && number <= this.#lasts[at]!) return false;
    const joinsLower = at >= 0 && this.#lasts[at] === number - 1;
    const joinsUpper = this.#firsts[at + 1] === number + 1;
    if (joinsLower && joinsUpper) {
      this.#lasts[at] = this.#lasts[at + 1]!;
      this.#firsts.splice(at + 1, 1);
      this.#lasts.splice(at + 1, 1);
    } else if (joinsLower) this.#lasts[at] = number;
    else if (joinsUpper) this.#firsts[at + 1] = number;
    else {
      if (this.#firsts.length > MAX_FRAME_GAPS) {
        throw new RangeError(
          `Cannot note frame ${number}: there are ${MAX_FRAME_GAPS} gaps`,
        );
      }
      this.#firsts.splice(at + 1, 0, number);
      this.#lasts.splice(at + 1, 0, number);
    }
    this.#count++;
    return true;
  }

  /** Index of the last interval that begins at or below `number`; -1 when none does. */
  #find(number: number): number {
    let low = 0;
    let high = this.#firsts.length;
    // Nearly every frame belongs to the last interval.
    if (high > 0 && this.#firsts[high - 1]! <= number) return high - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#firsts[middle]! <= number) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** The set as inclusive ranges, ascending; at most `most` of them. */
  ranges(most = Infinity): FrameRange[] {
    return this.#firsts.slice(0, most)
      .map((first, index): FrameRange => [first, this.#lasts[index]!]);
  }

  /** The gaps between the lowest and the highest number, without a list of them. */
  missing(most = 0): MissingFrames {
    const gaps = this.#firsts.length - 1;
    if (gaps < 1) return { count: 0, first: 0, last: 0, lowest: [] };
    const lowest: number[] = [];
    for (let gap = 0; gap < gaps && lowest.length < most; gap++) {
      const end = this.#firsts[gap + 1]!;
      for (let at = this.#lasts[gap]! + 1; at < end; at++) {
        if (lowest.length === most) break;
        lowest.push(at);
      }
    }
    return {
      count: this.highest - this.#firsts[0]! + 1 - this.#count,
      first: this.#lasts[0]! + 1,
      last: this.#firsts[gaps]! - 1,
      lowest,
    };
  }
}
