/**
 * The same as `SceneObserver` for people that a model found: the camera and the
 * lamps come from the picture, the candidates from the model.
 *
 * @module
 */

import { type AlignedFrame, alignFrame } from "./background.ts";
import { CameraMotion } from "./camera_motion.ts";
import type { GrayImage } from "./gray_image.ts";
import { LampWatch } from "./lamps.ts";
import type { Candidate } from "./people.ts";
import {
  type FrameObservation,
  motionBetween,
  type SceneObservations,
} from "./scene_observer.ts";
import { quantile } from "./series.ts";
import type { Person } from "./yolo_output.ts";

/** Points of the hips and of the shoulders, the surest places of a body. */
const TORSO_POINTS = [5, 6, 11, 12] as const;

/** Less sure points are not used. */
const MIN_POINT = 0.3;

/** Collects what a model found. */
export class PeopleObserver {
  readonly #width: number;
  readonly #height: number;
  readonly #camera = new CameraMotion();
  readonly #lamps: LampWatch;
  readonly #frames: Omit<FrameObservation, "time">[] = [];
  readonly #heights: number[] = [];
  #before: AlignedFrame | undefined;

  /** For pictures of this size. */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#lamps = new LampWatch(width, height);
  }

  /** The next picture and who is in it, in its pixels. */
  push(image: GrayImage, people: readonly Person[]): void {
    const view = this.#camera.next(image);
    const frame = alignFrame(image, view);
    const motion = view.cut || this.#before === undefined
      ? 0
      : motionBetween(this.#before, frame);
    this.#before = frame;
    this.#lamps.push(frame);
    const tallest = people.reduce((most, one) => Math.max(most, tall(one)), 1);
    this.#heights.push(
      ...people.map(tall).sort((a, b) => b - a).slice(0, 2),
    );
    const { dx, dy, cut } = view;
    this.#frames.push({
      candidates: people
        .map((person) => candidateOf(person, dx, dy, tallest))
        .sort((a, b) => a.x - b.x),
      dx,
      dy,
      cut,
      motion,
    });
  }

  /** No more come; `times` are the pictures' seconds. */
  finish(times: ArrayLike<number>): SceneObservations {
    const height = quantile(this.#heights, 0.5);
    return {
      width: this.#width,
      height: this.#height,
      frames: this.#frames.map((frame, i) => ({ ...frame, time: times[i]! })),
      bodyHeight: Number.isNaN(height) ? 0.4 * this.#height : height,
      lampTime: this.#lamps.find(times),
    };
  }
}

function tall({ top, bottom }: Person): number {
  return bottom - top;
}

/** Who is small stands behind: fencers are the tallest of their picture. */
function candidateOf(
  person: Person,
  dx: number,
  dy: number,
  tallest: number,
): Candidate {
  const { left, right, top, bottom, score, keypoints } = person;
  const points = keypoints === undefined
    ? []
    : TORSO_POINTS.filter((k) => keypoints[3 * k + 2]! >= MIN_POINT)
      .map((k) => keypoints[3 * k]!);
  const x = points.length >= 2
    ? points.reduce((sum, one) => sum + one, 0) / points.length
    : (left + right) / 2;
  const share = (bottom - top) / tallest;
  return {
    x: x - dx,
    left: left - dx,
    right: right - dx,
    top: top - dy,
    bottom: bottom - dy,
    score: score * share * share,
    keypoints,
  };
}
