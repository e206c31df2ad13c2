/**
 * Who could be a fencer in a mask: upright shapes, also where two of them touch.
 *
 * @module
 */

import type { Foreground } from "./foreground.ts";

/** Edge of a cell of the coarse grid on which shapes are joined, in pixels. */
const CELL = 4;

/** Pixels of a cell that must be set. */
const MIN_IN_CELL = 5;

/** Shapes lower than this part of the picture are nobody. */
const MIN_HEIGHT = 0.18;

/** Most candidates of a frame; two are wanted. */
export const MAX_CANDIDATES = 8;

/** Two bodies are at least this part of a height apart. */
const MIN_APART = 0.32;

/** Rows of the torso without the arms, in heights below the top of the head. */
const TORSO = [0.3, 0.43] as const;

/** A shape of cells. */
export interface Shape {
  readonly label: number;
  /** Pixels of the mask's grid. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** Cells. */
  readonly area: number;
}

/** The shapes of a mask, on the coarse grid. */
export interface Shapes {
  readonly columns: number;
  readonly rows: number;
  /** Label of each cell, 0 for none. */
  readonly labels: Uint16Array;
  readonly shapes: readonly Shape[];
}

/** Somebody who could be a fencer; pixels of the first frame. */
export interface Candidate {
  /** Middle of the body. */
  readonly x: number;
  readonly left: number;
  readonly right: number;
  /** Top of the head. */
  readonly top: number;
  /** The floor. */
  readonly bottom: number;
  /** From 0 to about 1: how much of a person there is. */
  readonly score: number;
  /** x, y and confidence of 17 points of the body, where a model says so. */
  readonly keypoints?: ArrayLike<number> | undefined;
}

/** Joins the set cells of a mask to shapes, touching corners included. */
export function findShapes(
  { width, height, mask }: Foreground,
): Shapes {
  const columns = Math.floor(width / CELL);
  const rows = Math.floor(height / CELL);
  const on = new Uint8Array(columns * rows);
  for (let y = 0; y < rows * CELL; y++) {
    const row = Math.floor(y / CELL) * columns;
    for (let x = 0, at = y * width; x < columns * CELL; x++, at++) {
      on[row + (x >> 2)]! += mask[at]!;
    }
  }
  const labels = new Uint16Array(columns * rows);
  const shapes: Shape[] = [];
  const stack: number[] = [];
  for (let start = 0; start < on.length; start++) {
    if (on[start]! < MIN_IN_CELL || labels[start] !== 0) continue;
    const label = shapes.length + 1;
    let [left, top, right, bottom, area] = [columns, rows, 0, 0, 0];
    labels[start] = label;
    stack.push(start);
    for (let cell = stack.pop(); cell !== undefined; cell = stack.pop()) {
      const x = cell % columns;
      const y = Math.floor(cell / columns);
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
      area++;
      for (let ny = Math.max(0, y - 1); ny <= Math.min(rows - 1, y + 1); ny++) {
        for (
          let nx = Math.max(0, x - 1);
          nx <= Math.min(columns - 1, x + 1);
          nx++
        ) {
          const next = ny * columns + nx;
          if (on[next]! < MIN_IN_CELL || labels[next] !== 0) continue;
          labels[next] = label;
          stack.push(next);
        }
      }
    }
    shapes.push({
      label,
      left: left * CELL,
      top: top * CELL,
      right: (right + 1) * CELL,
      bottom: (bottom + 1) * CELL,
      area,
    });
  }
  return { columns, rows, labels, shapes };
}

/** Heights of the shapes that stand alone and upright, for the median of them. */
export function standingHeights({ shapes }: Shapes, height: number): number[] {
  return shapes
    .filter(({ left, right, top, bottom }) =>
      bottom - top > MIN_HEIGHT * height && right - left < 1.3 * (bottom - top)
    )
    .toSorted((a, b) => b.area - a.area)
    .slice(0, 2)
    .map(({ top, bottom }) => bottom - top);
}

/** The candidates of a frame; `bodyHeight` is how high a fencer stands, in pixels. */
export function findCandidates(
  foreground: Foreground,
  found: Shapes,
  bodyHeight: number,
): Candidate[] {
  const { width, height, left: originX, top: originY } = foreground;
  const candidates: Candidate[] = [];
  for (const shape of found.shapes) {
    if (shape.bottom - shape.top < 0.45 * bodyHeight) continue;
    const profile = columnProfile(foreground, found, shape);
    const smooth = boxFilter(profile, Math.round(0.08 * bodyHeight));
    for (const peak of peaksOf(smooth, bodyHeight)) {
      const x = shape.left + peak;
      const body = measure(foreground, found, shape, x, bodyHeight);
      if (body === undefined) continue;
      const strength = smooth[peak]! / (0.5 * bodyHeight);
      const tall = Math.min(1, (body.bottom - body.top) / (0.85 * bodyHeight));
      candidates.push({
        x: body.x + originX,
        left: body.left + originX,
        right: body.right + originX,
        top: body.top + originY,
        bottom: body.bottom + originY,
        score: Math.min(1, strength) * tall,
      });
    }
  }
  return candidates
    .filter(({ x }) => x > originX - width && x < originX + 2 * width)
    .filter(({ bottom }) => bottom > originY + 0.25 * height)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, MAX_CANDIDATES)
    .toSorted((a, b) => a.x - b.x);
}

/** Set pixels of a shape in each of its columns. */
function columnProfile(
  { width, mask }: Foreground,
  { columns, labels }: Shapes,
  { label, left, right, top, bottom }: Shape,
): Float64Array {
  const profile = new Float64Array(right - left);
  for (let y = top; y < bottom; y++) {
    const cells = (y >> 2) * columns;
    for (let x = left; x < right; x++) {
      if (labels[cells + (x >> 2)] === label) {
        profile[x - left]! += mask[y * width + x]!;
      }
    }
  }
  return profile;
}

/** Mean over `reach` values on either side. */
function boxFilter(values: Float64Array, reach: number): Float64Array {
  const out = new Float64Array(values.length);
  let sum = 0;
  for (let i = 0; i < Math.min(reach, values.length); i++) sum += values[i]!;
  for (let i = 0; i < values.length; i++) {
    sum += (values[i + reach] ?? 0) - (values[i - reach - 1] ?? 0);
    out[i] = sum / (2 * reach + 1);
  }
  return out;
}

/** Places of the highest values that are far enough from each other. */
function peaksOf(smooth: Float64Array, bodyHeight: number): number[] {
  const order = Array.from(smooth, (value, at) => ({ value, at }))
    .filter(({ value, at }) =>
      value >= 0.22 * bodyHeight && value >= (smooth[at - 1] ?? 0) &&
      value >= (smooth[at + 1] ?? 0)
    )
    .sort((a, b) => b.value - a.value);
  const peaks: number[] = [];
  for (const { at } of order) {
    if (peaks.every((peak) => Math.abs(peak - at) > MIN_APART * bodyHeight)) {
      peaks.push(at);
    }
  }
  return peaks;
}

/** The box of the body around column `x` and the middle of its torso. */
function measure(
  { width, mask }: Foreground,
  { columns, labels }: Shapes,
  shape: Shape,
  x: number,
  bodyHeight: number,
):
  | { x: number; left: number; right: number; top: number; bottom: number }
  | undefined {
  const isSet = (column: number, row: number): boolean =>
    mask[row * width + column] === 1 &&
    labels[(row >> 2) * columns + (column >> 2)] === shape.label;
  const near = 0.12 * bodyHeight;
  const from = Math.max(shape.left, Math.round(x - near));
  const to = Math.min(shape.right - 1, Math.round(x + near));
  let top = -1;
  for (let row = shape.top; row < shape.bottom && top < 0; row++) {
    let count = 0;
    for (let column = from; column <= to; column++) {
      if (isSet(column, row)) count++;
    }
    if (count >= 3) top = row;
  }
  if (top < 0) return undefined;
  const reach = 0.5 * bodyHeight;
  const wideFrom = Math.max(shape.left, Math.round(x - reach));
  const wideTo = Math.min(shape.right - 1, Math.round(x + reach));
  let bottom = top;
  for (let row = shape.bottom - 1; row > top && bottom === top; row--) {
    for (let column = wideFrom; column <= wideTo; column++) {
      if (isSet(column, row)) {
        bottom = row + 1;
        break;
      }
    }
  }
  if (bottom - top < 0.45 * bodyHeight) return undefined;
  // A head that looks like the wall behind it is found from the feet.
  const head = bottom - top >= 0.84 * bodyHeight
    ? top
    : bottom - 0.92 * bodyHeight;
  const middle = torsoMiddle(isSet, shape, x, head, bodyHeight) ?? x;
  let [left, right] = [wideTo, wideFrom];
  for (let row = top; row < bottom; row++) {
    for (let column = wideFrom; column < left; column++) {
      if (isSet(column, row)) left = column;
    }
    for (let column = wideTo; column > right; column--) {
      if (isSet(column, row)) right = column;
    }
  }
  return { x: middle, left, right: right + 1, top, bottom };
}

/** The median of the middles of the torso's rows. */
function torsoMiddle(
  isSet: (column: number, row: number) => boolean,
  shape: Shape,
  x: number,
  head: number,
  bodyHeight: number,
): number | undefined {
  const middles: number[] = [];
  const first = Math.max(shape.top, Math.round(head + TORSO[0] * bodyHeight));
  const last = Math.min(
    shape.bottom - 1,
    Math.round(head + TORSO[1] * bodyHeight),
  );
  const seek = 0.1 * bodyHeight;
  for (let row = first; row <= last; row++) {
    const start = nearestSet(isSet, shape, Math.round(x), row, seek);
    if (start === undefined) continue;
    const left = edge(isSet, shape, start, row, -1);
    const right = edge(isSet, shape, start, row, 1);
    const run = right - left + 1;
    if (run < 0.05 * bodyHeight || run > 0.34 * bodyHeight) continue;
    middles.push((left + right) / 2);
  }
  if (middles.length < 3) return undefined;
  middles.sort((a, b) => a - b);
  // The mean of the middle half: finer than the median, as robust as needed.
  const cut = Math.floor(middles.length / 4);
  const kept = middles.slice(cut, middles.length - cut);
  return kept.reduce((sum, one) => sum + one, 0) / kept.length;
}

function nearestSet(
  isSet: (column: number, row: number) => boolean,
  { left, right }: Shape,
  x: number,
  row: number,
  reach: number,
): number | undefined {
  for (let d = 0; d <= reach; d++) {
    if (x - d >= left && x - d < right && isSet(x - d, row)) return x - d;
    if (x + d >= left && x + d < right && isSet(x + d, row)) return x + d;
  }
  return undefined;
}

/** The end of a run of set pixels; a gap of one does not end it. */
function edge(
  isSet: (column: number, row: number) => boolean,
  { left, right }: Shape,
  start: number,
  row: number,
  step: 1 | -1,
): number {
  let at = start;
  for (;;) {
    const next = at + step;
    const after = at + 2 * step;
    if (next >= left && next < right && isSet(next, row)) at = next;
    else if (after >= left && after < right && isSet(after, row)) at = after;
    else return at;
  }
}
