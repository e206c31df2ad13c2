/**
 * What YOLO models answer, read by the shape of the answer:
 *
 * ```text
 *   [1, 56, 8400]   pose        per column: x y w h, person, 17 × (x y confidence)
 *   [1, 84, 8400]   detection   per column: x y w h, 80 classes, of which 0 is a person
 *   [1, 300, 57]    end to end  per row: left top right bottom, score, class, 17 × (x y confidence)
 *   [1, 300, 6]     the same without points
 * ```
 *
 * All in pixels of the model's input. The first two hold many boxes for each
 * person, of which the best is chosen here.
 *
 * @module
 */

import type { Letterbox } from "./letterbox.ts";
import { type ScoredBox, suppress } from "./nms.ts";

/** Less sure is not looked at. */
const MIN_SCORE = 0.25;

/** Two boxes that overlap more are one person. */
const MAX_OVERLAP = 0.6;

/** Most people of a picture: two fencers and who stands around. */
const MAX_PEOPLE = 24;

/** Points of the body. */
const POINTS = 17;

/** Most columns or rows of an answer: 8400 for 640 × 640, four times as many for twice that. */
const MAX_BOXES = 40_000;

/** Most classes of a detection model. */
const MAX_CLASSES = 1000;

/** How a model answers. */
export interface YoloLayout {
  readonly kind: "pose" | "detection" | "end_to_end";
  /** Boxes in an answer. */
  readonly boxes: number;
  /** Numbers for each. */
  readonly values: number;
}

/** A person in a picture. */
export interface Person extends ScoredBox {
  /** x, y and confidence of 17 points, where the model says so. */
  readonly keypoints: Float32Array | undefined;
}

/** The layout of an answer of that shape; `undefined` when it is none that we know. */
export function yoloLayout(shape: readonly number[]): YoloLayout | undefined {
  const [batch, a = 0, b = 0] = shape;
  if (
    shape.length !== 3 || batch !== 1 || !isCount(a) || !isCount(b) ||
    Math.max(a, b) > MAX_BOXES
  ) return undefined;
  if (b === 6 || b === 6 + 3 * POINTS) {
    return { kind: "end_to_end", boxes: a, values: b };
  }
  if (a === 5 + 3 * POINTS) return { kind: "pose", boxes: b, values: a };
  return a >= 5 && a <= 4 + MAX_CLASSES && b > a
    ? { kind: "detection", boxes: b, values: a }
    : undefined;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

/** The people of an answer, in pixels of the picture in the letterbox; best first. */
export function readPeople(
  data: ArrayLike<number>,
  layout: YoloLayout,
  box: Letterbox,
): Person[] {
  const found: Person[] = [];
  const { kind, boxes, values } = layout;
  for (let i = 0; i < boxes; i++) {
    // Rows one after another, or columns side by side.
    const at = (value: number): number =>
      kind === "end_to_end" ? data[i * values + value]! : data[
        value * boxes + i
      ]!;
    const score = at(4);
    if (!(score >= MIN_SCORE) || !Number.isFinite(score)) continue;
    if (kind === "end_to_end" && Math.round(at(5)) !== 0) continue;
    if (kind === "detection" && !isPerson(at, values, score)) continue;
    const sides = kind === "end_to_end" ? [at(0), at(1), at(2), at(3)] : [
      at(0) - at(2) / 2,
      at(1) - at(3) / 2,
      at(0) + at(2) / 2,
      at(1) + at(3) / 2,
    ];
    if (!sides.every(Number.isFinite)) continue;
    const [left = 0, top = 0, right = 0, bottom = 0] = sides;
    if (right - left < 1 || bottom - top < 1) continue;
    found.push({
      left: left - box.left,
      top: top - box.top,
      right: right - box.left,
      bottom: bottom - box.top,
      score: Math.min(1, score),
      keypoints: pointsOf(at, kind, values, box),
    });
  }
  return kind === "end_to_end"
    ? found.toSorted((a, b) => b.score - a.score).slice(0, MAX_PEOPLE)
    : suppress(found, MAX_OVERLAP, MAX_PEOPLE);
}

/** Whether no other class is likelier. */
function isPerson(
  at: (value: number) => number,
  values: number,
  score: number,
): boolean {
  for (let value = 5; value < values; value++) {
    if (at(value) > score) return false;
  }
  return true;
}

function pointsOf(
  at: (value: number) => number,
  kind: YoloLayout["kind"],
  values: number,
  box: Letterbox,
): Float32Array | undefined {
  const first = kind === "end_to_end" ? 6 : 5;
  if (kind === "detection" || values < first + 3 * POINTS) return undefined;
  const points = new Float32Array(3 * POINTS);
  for (let k = 0; k < POINTS; k++) {
    points[3 * k] = at(first + 3 * k) - box.left;
    points[3 * k + 1] = at(first + 3 * k + 1) - box.top;
    points[3 * k + 2] = at(first + 3 * k + 2);
  }
  return points;
}
