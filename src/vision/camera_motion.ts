/**
 * How the camera turned and how bright it made the picture: each frame beside
 * a key frame, by the gradient method (Lucas and Kanade 1981) with robust weights,
 * since the fencers move on their own.
 *
 * @module
 */

import { type GrayImage, halve } from "./gray_image.ts";

/** Edge of a cell that gives points, in pixels of its level: points everywhere, not only where the picture is busiest. */
const CELL = 8;

/** Strongest edges taken from a cell. */
const POINTS_PER_CELL = 3;

/** Greys a pixel: weaker edges say more about noise than about motion. */
const MIN_GRADIENT = 2;

/** Fewer points say nothing. */
const MIN_POINTS = 16;

/** Steps at each level. */
const MAX_STEPS = 8;

/** Pixels of a level: smaller changes end the search. */
const ENOUGH = 0.004;

/** Greys: residuals below are never called outliers. */
const MIN_SCALE = 2.5;

/** Turned further than this part of the width, the key frame shows too little of the same. */
const NEW_KEY_AT = 0.15;

/** With fewer edges where the key frame has them a frame shows something else. */
const MIN_AGREEMENT = 0.35;

/** An edge agrees when it is at least this part of the key frame's, in its direction. */
const EDGE_SHARE = 0.4;

/** A frame beside the first one. */
export interface CameraView {
  /** Pixels by which the scene is shifted in this frame. */
  readonly dx: number;
  readonly dy: number;
  /** `gain * grey + bias` gives the brightness of the first frame. */
  readonly gain: number;
  readonly bias: number;
  /** Share of the points that agree, from 0 to 1. */
  readonly agreement: number;
  /** Whether this frame shows another scene than the one before it. */
  readonly cut: boolean;
}

/** Points of a level with their edges. */
interface KeyLevel {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly gx: Float64Array;
  readonly gy: Float64Array;
  readonly value: Float64Array;
}

interface Parameters {
  dx: number;
  dy: number;
  gain: number;
  bias: number;
  agreement: number;
}

/** Follows the camera through a recording. */
export class CameraMotion {
  /** Coarse, then fine. */
  #key: readonly KeyLevel[] = [];
  /** The key frame beside the first one. */
  #base = { dx: 0, dy: 0, gain: 1, bias: 0 };
  #last: Parameters = { dx: 0, dy: 0, gain: 1, bias: 0, agreement: 1 };

  /** The next frame; all must have one size. */
  next(image: GrayImage): CameraView {
    const fine = halve(image);
    const levels = [halve(fine), fine];
    if (this.#key.length === 0) {
      this.#setKey(levels);
      return { dx: 0, dy: 0, gain: 1, bias: 0, agreement: 1, cut: false };
    }
    const found = this.#register(levels);
    const cut = found.agreement < MIN_AGREEMENT;
    if (cut) {
      this.#setKey(levels);
      this.#last = { dx: 0, dy: 0, gain: 1, bias: 0, agreement: 1 };
      return { ...this.#base, agreement: found.agreement, cut };
    }
    this.#last = found;
    const base = this.#base;
    const view = {
      dx: base.dx + found.dx,
      dy: base.dy + found.dy,
      gain: base.gain * found.gain,
      bias: base.gain * found.bias + base.bias,
      agreement: found.agreement,
      cut,
    };
    if (Math.hypot(found.dx, found.dy) > NEW_KEY_AT * image.width) {
      const { dx, dy, gain, bias } = view;
      this.#base = { dx, dy, gain, bias };
      this.#setKey(levels);
      this.#last = { dx: 0, dy: 0, gain: 1, bias: 0, agreement: 1 };
    }
    return view;
  }

  #setKey(levels: readonly GrayImage[]): void {
    this.#key = levels.map(strongPoints);
  }

  /** From coarse to fine; distances in pixels of the whole picture. */
  #register(levels: readonly GrayImage[]): Parameters {
    const at = { ...this.#last };
    for (const [index, image] of levels.entries()) {
      const scale = index === 0 ? 4 : 2;
      at.dx /= scale;
      at.dy /= scale;
      fit(this.#key[index]!, image, at);
      at.dx *= scale;
      at.dy *= scale;
    }
    at.agreement = agreement(this.#key.at(-1)!, levels.at(-1)!, at);
    return at;
  }
}

/** Share of the key frame's edges that the picture has too; whatever its brightness. */
function agreement(
  key: KeyLevel,
  { width, height, pixels }: GrayImage,
  { dx, dy, gain }: Parameters,
): number {
  const scale = 2; // the fine level is half the picture
  let inside = 0;
  let agreeing = 0;
  for (let i = 0; i < key.x.length; i++) {
    const x = Math.round(key.x[i]! + dx / scale);
    const y = Math.round(key.y[i]! + dy / scale);
    if (x < 1 || y < 1 || x >= width - 1 || y >= height - 1) continue;
    inside++;
    const at = y * width + x;
    const gx = gain * (pixels[at + 1]! - pixels[at - 1]!) / 2;
    const gy = gain * (pixels[at + width]! - pixels[at - width]!) / 2;
    const strength = key.gx[i]! ** 2 + key.gy[i]! ** 2;
    if (key.gx[i]! * gx + key.gy[i]! * gy > EDGE_SHARE * strength) agreeing++;
  }
  if (key.x.length < MIN_POINTS) return 1;
  return inside < MIN_POINTS ? 0 : agreeing / inside;
}

/** The strongest edges of each cell. */
function strongPoints({ width, height, pixels }: GrayImage): KeyLevel {
  const x: number[] = [];
  const y: number[] = [];
  for (let top = 2; top + CELL < height - 2; top += CELL) {
    for (let left = 2; left + CELL < width - 2; left += CELL) {
      const best: { at: number; strength: number }[] = [];
      for (let row = top; row < top + CELL; row++) {
        for (let column = left; column < left + CELL; column++) {
          const at = row * width + column;
          const strength = Math.abs(pixels[at + 1]! - pixels[at - 1]!) +
            Math.abs(pixels[at + width]! - pixels[at - width]!);
          if (strength < 2 * MIN_GRADIENT) continue;
          if (best.length < POINTS_PER_CELL) best.push({ at, strength });
          else {
            const weakest = best.reduce((a, b) =>
              a.strength <= b.strength ? a : b
            );
            if (strength > weakest.strength) {
              weakest.at = at;
              weakest.strength = strength;
            }
          }
        }
      }
      for (const { at } of best) {
        x.push(at % width);
        y.push(Math.floor(at / width));
      }
    }
  }
  const place = x.map((column, i) => y[i]! * width + column);
  return {
    x: Float64Array.from(x),
    y: Float64Array.from(y),
    gx: Float64Array.from(
      place,
      (at) => (pixels[at + 1]! - pixels[at - 1]!) / 2,
    ),
    gy: Float64Array.from(
      place,
      (at) => (pixels[at + width]! - pixels[at - width]!) / 2,
    ),
    value: Float64Array.from(place, (at) => pixels[at]!),
  };
}

/** Improves `at` until nothing changes. */
function fit(key: KeyLevel, image: GrayImage, at: Parameters): void {
  const count = key.x.length;
  const residual = new Float64Array(count);
  const seen = new Float64Array(count);
  const histogram = new Uint32Array(256);
  for (let step = 0; step < MAX_STEPS; step++) {
    histogram.fill(0);
    let inside = 0;
    for (let i = 0; i < count; i++) {
      const value = sample(image, key.x[i]! + at.dx, key.y[i]! + at.dy);
      seen[i] = value;
      if (value < 0) continue;
      const e = at.gain * value + at.bias - key.value[i]!;
      residual[i] = e;
      histogram[Math.min(255, Math.abs(e) * 2) | 0]!++;
      inside++;
    }
    // A picture without edges says nothing of the camera.
    if (inside < MIN_POINTS) return;
    const scale = Math.max(MIN_SCALE, 1.48 * medianOf(histogram, inside) / 2);
    const limit = 3 * scale;
    const matrix = new Float64Array(20);
    for (let i = 0; i < count; i++) {
      if (seen[i]! < 0) continue;
      const share = residual[i]! / limit;
      if (share < -1 || share > 1) continue;
      const close = 1 - share * share;
      accumulate(
        matrix,
        close * close,
        key.gx[i]!,
        key.gy[i]!,
        seen[i]!,
        -residual[i]!,
      );
    }
    const [dx = 0, dy = 0, gain = 0, bias = 0] = solve4(matrix);
    at.dx += dx;
    at.dy += dy;
    at.gain = Math.max(0.4, Math.min(2.5, at.gain + gain));
    at.bias = Math.max(-80, Math.min(80, at.bias + bias));
    if (Math.abs(dx) + Math.abs(dy) < ENOUGH) return;
  }
}

/** Grey between pixels; -1 outside. */
function sample(
  { width, height, pixels }: GrayImage,
  x: number,
  y: number,
): number {
  const left = Math.floor(x);
  const top = Math.floor(y);
  if (left < 0 || top < 0 || left >= width - 1 || top >= height - 1) return -1;
  const at = top * width + left;
  const sx = x - left;
  const above = pixels[at]! + (pixels[at + 1]! - pixels[at]!) * sx;
  const below = pixels[at + width]! +
    (pixels[at + width + 1]! - pixels[at + width]!) * sx;
  return above + (below - above) * (y - top);
}

function medianOf(histogram: Uint32Array, total: number): number {
  let sum = 0;
  for (let bin = 0; bin < histogram.length; bin++) {
    sum += histogram[bin]!;
    if (2 * sum >= total) return bin;
  }
  return histogram.length;
}

/** Adds an equation `gx*dx + gy*dy + value*gain + bias = right` to normal equations, 4 rows of 5. */
function accumulate(
  matrix: Float64Array,
  weight: number,
  gx: number,
  gy: number,
  value: number,
  right: number,
): void {
  const wx = weight * gx;
  const wy = weight * gy;
  const wv = weight * value;
  matrix[0]! += wx * gx;
  matrix[1]! += wx * gy;
  matrix[2]! += wx * value;
  matrix[3]! += wx;
  matrix[4]! += wx * right;
  matrix[6]! += wy * gy;
  matrix[7]! += wy * value;
  matrix[8]! += wy;
  matrix[9]! += wy * right;
  matrix[12]! += wv * value;
  matrix[13]! += wv;
  matrix[14]! += wv * right;
  matrix[18]! += weight;
  matrix[19]! += weight * right;
}

/** Solves symmetric normal equations of 4 unknowns by elimination. */
function solve4(m: Float64Array): number[] {
  for (let row = 1; row < 4; row++) {
    for (let column = 0; column < row; column++) {
      m[row * 5 + column] = m[column * 5 + row]!;
    }
  }
  for (let row = 0; row < 4; row++) {
    // A little of nothing keeps a picture with edges of one direction solvable.
    m[row * 5 + row]! += 1e-3 + 1e-6 * m[row * 5 + row]!;
    for (let below = row + 1; below < 4; below++) {
      const factor = m[below * 5 + row]! / m[row * 5 + row]!;
      for (let column = row; column < 5; column++) {
        m[below * 5 + column]! -= factor * m[row * 5 + column]!;
      }
    }
  }
  const out = [0, 0, 0, 0];
  for (let row = 3; row >= 0; row--) {
    let sum = m[row * 5 + 4]!;
    for (let column = row + 1; column < 4; column++) {
      sum -= m[row * 5 + column]! * out[column]!;
    }
    out[row] = sum / m[row * 5 + row]!;
  }
  return out;
}
