/**
 * Makes pictures smaller while a hop cannot carry them whole: by their finest
 * details, whatever made them.
 *
 * How many bytes a detail costs depends on the picture, so what came out of
 * the last ones decides how much of the next one is left.
 *
 * @module
 */

import { ALL_COEFFICIENTS, coarsenJpeg, JpegError } from "../../jpeg/mod.ts";

/** The coarsest: a block's mean and the first three slopes of it. */
const LEAST_COEFFICIENTS = 3;

/** Between these parts of the wanted size nothing is changed. */
const SMALL = 0.9;
const LARGE = 1.05;

/** Steps towards a smaller and a larger picture: the way down is urgent. */
const SHRINK = 0.75;
const GROW = 1.1;

/** One stream's pictures. */
export class FrameCoarsener {
  #last = ALL_COEFFICIENTS;

  /** Another stream begins: its pictures are others. */
  reset(): void {
    this.#last = ALL_COEFFICIENTS;
  }

  /**
   * The picture with about `detail` of its bytes (up to 1, which leaves it as it
   * is); `undefined` when it is of a kind that cannot be made coarser.
   */
  coarsen(bytes: Uint8Array, detail: number): Uint8Array | undefined {
    if (detail >= 1) {
      this.#last = ALL_COEFFICIENTS;
      return bytes;
    }
    try {
      const coarse = coarsenJpeg(bytes, this.#last);
      this.#learn(coarse.length / bytes.length / detail);
      return coarse.length < bytes.length ? coarse : bytes;
    } catch (error) {
      if (error instanceof JpegError) return undefined;
      throw error;
    }
  }

  /** The last picture had so much of the wanted size. */
  #learn(size: number): void {
    const last = this.#last;
    this.#last = size > LARGE
      ? Math.max(LEAST_COEFFICIENTS, Math.floor(last * SHRINK))
      : size < SMALL
      ? Math.min(ALL_COEFFICIENTS, Math.ceil(last * GROW))
      : last;
  }
}
