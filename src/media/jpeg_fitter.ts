/**
 * JPEGs made small enough: what a packet or a container cannot take is encoded
 * again, coarser.
 *
 * @module
 */

import { decodeJpeg } from "./jpeg_decoder.ts";
import { encodeJpeg } from "./jpeg_encoder.ts";

/** The coarsest that is still a picture, libjpeg's scale. */
const COARSEST = 1;

/** A result this near to the limit, as a part of it, is good enough: each try costs an encoding. */
const CLOSE_ENOUGH = 0.9;

/** Tries for one picture; seven halvings of 1 to 99 find any quality. */
const MAX_TRIES = 7;

/** A picture that is small enough. */
export interface FittedJpeg {
  /** The file. */
  readonly bytes: Uint8Array;
  /** The quality it was encoded with, 1 to 99; `undefined` when it was small enough as it came. */
  readonly quality: number | undefined;
}

/**
 * Fits the pictures of one stream under a limit. The quality that did for one
 * picture is the first that is tried for the next.
 */
export class JpegFitter {
  readonly #maxBytes: number;
  readonly #maxQuality: number;
  #quality: number;

  /** Nothing is larger than `maxBytes`, nor encoded finer than `quality` (1 to 100). */
  constructor(maxBytes: number, quality: number) {
    this.#maxBytes = maxBytes;
    this.#maxQuality = Math.min(99, Math.max(COARSEST, quality));
    this.#quality = this.#maxQuality;
  }

  /**
   * The picture as it is, or the finest of it that fits; `undefined` when not
   * even the coarsest does.
   *
   * @throws {MediaError} when it must be decoded and cannot be.
   */
  async fit(jpeg: Uint8Array): Promise<FittedJpeg | undefined> {
    if (jpeg.length <= this.#maxBytes) {
      return { bytes: jpeg, quality: undefined };
    }
    const pixels = await decodeJpeg(jpeg);
    let low = COARSEST;
    let high = this.#maxQuality;
    let best: FittedJpeg | undefined;
    for (let tries = 0; tries < MAX_TRIES && low <= high; tries++) {
      const quality = tries === 0
        ? Math.min(high, Math.max(low, this.#quality))
        : Math.floor((low + high) / 2);
      const bytes = encodeJpeg(pixels, quality);
      if (bytes.length > this.#maxBytes) {
        high = quality - 1;
        continue;
      }
      best = { bytes, quality };
      this.#quality = quality;
      if (bytes.length >= this.#maxBytes * CLOSE_ENOUGH) break;
      low = quality + 1;
    }
    return best;
  }
}
