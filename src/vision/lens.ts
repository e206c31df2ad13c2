/**
 * Lens correction: where a point of a bent picture belongs in a straight one.
 *
 * The model is that of ffmpeg's `lenscorrection` filter, so that pixels and
 * coordinates agree: with r the distance from the middle, as a part of half the
 * diagonal,
 *
 * ```text
 *   bent = middle + (straight - middle) * zoom * (1 + k * (zoom * r)^2)
 * ```
 *
 * `strength` from 0 to 1 gives k from 0 to -0.14 (a wide action camera);
 * `balance` from 0 to 1 gives the zoom from 1 (fills the picture, loses its
 * corners) to what shows the whole bent picture.
 *
 * @module
 */

/** k at strength 1: from -4/27 on the map folds before the corner. */
export const MAX_DISTORTION = -0.14;

/** Newton's steps; eight suffice for strength 1 in the corner. */
const STEPS = 12;

/** How a lens is corrected. */
export interface LensOptions {
  /** From 0 (nothing) to 1. */
  readonly strength: number;
  /** From 0 (fill the picture) to 1 (keep all of it). */
  readonly balance: number;
}

/** A point of a picture, in pixels. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The correction of one lens for one size of picture. */
export class Lens {
  /** The filter's `k1`. */
  readonly k: number;
  /** How much of the straight plane a straight picture shows; 1 is as much as the bent one. */
  readonly zoom: number;
  readonly #width: number;
  readonly #height: number;
  readonly #centerX: number;
  readonly #centerY: number;
  readonly #half: number;

  /** @throws {RangeError} when strength or balance is not from 0 to 1. */
  constructor(
    width: number,
    height: number,
    { strength, balance }: LensOptions,
  ) {
    for (const [name, value] of Object.entries({ strength, balance })) {
      if (!(value >= 0 && value <= 1)) {
        throw new RangeError(
          `Cannot correct a lens with ${name} ${value}: it must be from 0 to 1`,
        );
      }
    }
    this.#width = width;
    this.#height = height;
    this.k = MAX_DISTORTION * strength;
    this.#centerX = (width - 1) / 2;
    this.#centerY = (height - 1) / 2;
    this.#half = Math.hypot(width, height) / 2;
    this.zoom = 1 + balance * (this.#straightRadius(1) - 1);
  }

  /** Where a point of the bent picture lies in the straight one. */
  correct({ x, y }: Point): Point {
    const dx = x - this.#centerX;
    const dy = y - this.#centerY;
    const bent = Math.hypot(dx, dy) / this.#half;
    if (bent === 0 || this.k === 0) return { x, y };
    const scale = this.#straightRadius(bent) / bent / this.zoom;
    return { x: this.#centerX + dx * scale, y: this.#centerY + dy * scale };
  }

  /** Where a point of the straight picture lies in the bent one: the inverse of `correct`. */
  bend({ x, y }: Point): Point {
    const dx = (x - this.#centerX) * this.zoom;
    const dy = (y - this.#centerY) * this.zoom;
    const r = Math.hypot(dx, dy) / this.#half;
    const scale = 1 + this.k * r * r;
    return { x: this.#centerX + dx * scale, y: this.#centerY + dy * scale };
  }

  /** What a point's coordinates are to be multiplied by for a picture of another size. */
  scaleTo(width: number, height: number): Point {
    return { x: width / this.#width, y: height / this.#height };
  }

  /** Solves `r * (1 + k r^2) = bent` for r. */
  #straightRadius(bent: number): number {
    let r = bent;
    for (let step = 0; step < STEPS; step++) {
      r -= (r * (1 + this.k * r * r) - bent) / (1 + 3 * this.k * r * r);
    }
    return r;
  }
}
