/**
 * When the lamps of the scoring box went on in the picture: places that become
 * much brighter from one frame to the next and stay so, several at once.
 *
 * @module
 */

import type { AlignedFrame } from "./background.ts";

/** Edge of the places that are watched, in pixels. */
const CELL = 8;

/** Greys that a lamp adds. */
const MIN_JUMP = 40;

/** Greys that a place may waver before and after. */
const MAX_WAVER = 14;

/** Seconds that a place is steady before, and lit after. */
const STEADY = 0.25;

/** Places that a lamp covers at least. */
const MIN_CELLS = 2;

/** Only the upper part of the picture is watched: below it white jackets come and go. */
const WATCHED = 0.5;

/** Watches the upper part of a recording. */
export class LampWatch {
  readonly #columns: number;
  readonly #rows: number;
  readonly #means: Uint8Array[] = [];

  /** For pictures of this size. */
  constructor(width: number, height: number) {
    this.#columns = Math.floor(width / CELL);
    this.#rows = Math.floor(height * WATCHED / CELL);
  }

  /** The next frame. */
  push({ left, top, image }: AlignedFrame): void {
    const means = new Uint8Array(this.#columns * this.#rows);
    for (let row = 0, cell = 0; row < this.#rows; row++) {
      for (let column = 0; column < this.#columns; column++, cell++) {
        let sum = 0;
        // Every second pixel will do.
        for (let y = 0; y < CELL; y += 2) {
          const line = row * CELL + y - top;
          if (line < 0 || line >= image.height) continue;
          const from = line * image.width + column * CELL - left;
          for (let x = 0; x < CELL; x += 2) sum += image.pixels[from + x] ?? 0;
        }
        means[cell] = sum >> 4;
      }
    }
    this.#means.push(means);
  }

  /** The one of `times` at which most places lit up; `undefined` when no lamp did. */
  find(times: ArrayLike<number>): number | undefined {
    let best: { index: number; cells: number } | undefined;
    for (let index = 1; index < this.#means.length; index++) {
      const cells = this.#litAt(index, times);
      if (cells >= MIN_CELLS && cells > (best?.cells ?? 0)) {
        best = { index, cells };
      }
    }
    return best === undefined ? undefined : times[best.index];
  }

  #litAt(index: number, times: ArrayLike<number>): number {
    const now = this.#means[index]!;
    const before = this.#means[index - 1]!;
    let lit = 0;
    for (let cell = 0; cell < now.length; cell++) {
      if (now[cell]! - before[cell]! < MIN_JUMP) continue;
      if (this.#isSteady(cell, index, times)) lit++;
    }
    return lit;
  }

  #isSteady(
    cell: number,
    index: number,
    times: ArrayLike<number>,
  ): boolean {
    const means = this.#means;
    const start = times[index]!;
    const level = means[index]![cell]!;
    const low = means[index - 1]![cell]!;
    let after = 0;
    for (
      let i = index + 1;
      i < means.length && times[i]! <= start + STEADY;
      i++, after++
    ) {
      if (Math.abs(means[i]![cell]! - level) > 2 * MAX_WAVER) return false;
    }
    let earlier = 0;
    for (
      let i = index - 1;
      i >= 0 && times[i]! >= start - STEADY;
      i--, earlier++
    ) {
      if (Math.abs(means[i]![cell]! - low) > MAX_WAVER) return false;
    }
    return after >= 2 && earlier >= 2;
  }
}
