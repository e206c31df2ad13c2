/**
 * What is not the hall: a mask of the pixels that differ from the background.
 *
 * @module
 */

import type { AlignedFrame, Background } from "./background.ts";

/** Greys that every difference must have besides what noise explains. */
const MIN_DIFFERENCE = 4;

/** Differences of noise alone, averaged over 3 × 3 pixels, stay below this many deviations. */
const NOISE_FACTOR = 1.8;

/** Every how many pixels the noise is measured. */
const NOISE_STRIDE = 13;

/** A mask on the grid of the first frame. */
export interface Foreground {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** 1 where something stands before the hall. */
  readonly mask: Uint8Array;
  /** Standard deviation of the noise, in greys. */
  readonly noise: number;
}

/** Buffers that are used again for every frame. */
export class ForegroundFinder {
  #difference = new Uint8Array(0);
  #sums = new Uint16Array(0);
  #mask = new Uint8Array(0);

  /** The mask of a frame; valid until the next call. */
  find(frame: AlignedFrame, background: Background): Foreground {
    const { width, height, pixels } = frame.image;
    const size = width * height;
    if (this.#difference.length < size) {
      this.#difference = new Uint8Array(size);
      this.#sums = new Uint16Array(size);
      this.#mask = new Uint8Array(size);
    }
    const difference = this.#difference;
    const sheet = background.image;
    for (let y = 0; y < height; y++) {
      let from = (y + frame.top - background.top) * sheet.width + frame.left -
        background.left;
      for (let at = y * width, end = at + width; at < end; at++, from++) {
        const d = pixels[at]! - sheet.pixels[from]!;
        difference[at] = background.known[from] === 0 ? 0 : d < 0 ? -d : d;
      }
    }
    const noise = noiseOf(difference, size);
    const limit = Math.round(9 * (NOISE_FACTOR * noise + MIN_DIFFERENCE));
    this.#threshold(width, height, limit);
    return {
      left: frame.left,
      top: frame.top,
      width,
      height,
      mask: this.#mask,
      noise,
    };
  }

  /** Sums over 3 × 3 pixels against `limit`. */
  #threshold(width: number, height: number, limit: number): void {
    const difference = this.#difference;
    const sums = this.#sums;
    const mask = this.#mask;
    for (let y = 0; y < height; y++) {
      const row = y * width;
      sums[row] = 0;
      sums[row + width - 1] = 0;
      for (let at = row + 1, end = row + width - 1; at < end; at++) {
        sums[at] = difference[at - 1]! + difference[at]! + difference[at + 1]!;
      }
    }
    mask.fill(0, 0, width);
    mask.fill(0, (height - 1) * width, height * width);
    for (
      let at = width, end = (height - 1) * width;
      at < end;
      at++
    ) {
      mask[at] = sums[at - width]! + sums[at]! + sums[at + width]! > limit
        ? 1
        : 0;
    }
  }
}

/** Standard deviation of differences that are mostly noise, from their median. */
function noiseOf(difference: Uint8Array, size: number): number {
  const histogram = new Uint32Array(256);
  let count = 0;
  for (let at = 0; at < size; at += NOISE_STRIDE, count++) {
    histogram[difference[at]!]!++;
  }
  let below = 0;
  for (let grey = 0; grey < 256; grey++) {
    const here = histogram[grey]!;
    if (2 * (below + here) >= count) {
      // Between the whole greys, so that little noise is not called none.
      const share = here === 0 ? 0 : (count / 2 - below) / here;
      return 1.48 * Math.max(0, grey - 0.5 + share);
    }
    below += here;
  }
  return 0;
}
