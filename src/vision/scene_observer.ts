/**
 * From pictures to what is in them: who could be a fencer in each frame, how the
 * camera turned, where the scene was cut.
 *
 * Frames are collected in chunks; a chunk's background is made when it is full,
 * from its own frames and some of the chunk before, so that memory is bounded
 * and a phrase can be looked at while it still arrives.
 *
 * @module
 */

import {
  type AlignedFrame,
  alignFrame,
  type Background,
  BACKGROUND_SAMPLES,
  chooseSamples,
  medianBackground,
} from "./background.ts";
import { CameraMotion, type CameraView } from "./camera_motion.ts";
import { ForegroundFinder } from "./foreground.ts";
import type { GrayImage } from "./gray_image.ts";
import { LampWatch } from "./lamps.ts";
import {
  type Candidate,
  findCandidates,
  findShapes,
  standingHeights,
} from "./people.ts";

/** Frames of a chunk: at 480 × 270 they take 39 MB. */
export const CHUNK_FRAMES = 300;

/** Samples that a chunk takes over from the one before. */
const KEPT_SAMPLES = 8;

/** Every how many pixels motion is measured. */
const MOTION_STRIDE = 11;

/** A body's height, as a part of the picture's, while none has been seen. */
const DEFAULT_HEIGHT = 0.4;

/** Frames of a chunk that are looked at for the height of a body. */
const HEIGHT_FRAMES = 24;

/** One frame, looked at. */
export interface FrameObservation {
  /** Seconds. */
  readonly time: number;
  /** From left to right, in pixels of the first frame. */
  readonly candidates: readonly Candidate[];
  /** Pixels by which the scene is shifted in this frame. */
  readonly dx: number;
  readonly dy: number;
  /** Whether another scene begins here. */
  readonly cut: boolean;
  /** Share of the pixels that changed since the frame before. */
  readonly motion: number;
}

/** A recording, looked at. */
export interface SceneObservations {
  /** Size of the pictures that were looked at. */
  readonly width: number;
  readonly height: number;
  readonly frames: readonly FrameObservation[];
  /** How high a fencer stands, in pixels. */
  readonly bodyHeight: number;
  /** Seconds at which lamps went on in the picture; `undefined` when none did. */
  readonly lampTime: number | undefined;
}

interface Pending {
  readonly view: CameraView;
  readonly frame: AlignedFrame;
  readonly motion: number;
}

/** Looks at a recording, frame by frame. */
export class SceneObserver {
  readonly #width: number;
  readonly #height: number;
  readonly #camera = new CameraMotion();
  readonly #finder = new ForegroundFinder();
  readonly #lamps: LampWatch;
  #pending: Pending[] = [];
  #samples: AlignedFrame[] = [];
  #before: AlignedFrame | undefined;
  readonly #observed: Omit<FrameObservation, "time">[] = [];
  readonly #heights: number[] = [];

  /** For pictures of this size. */
  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#lamps = new LampWatch(width, height);
  }

  /** The next frame; the picture is not kept. */
  push(image: GrayImage): void {
    const view = this.#camera.next(image);
    if (view.cut) this.#process();
    const frame = alignFrame(image, view);
    const motion = view.cut || this.#before === undefined
      ? 0
      : motionBetween(this.#before, frame);
    if (view.cut) this.#samples = [];
    this.#before = frame;
    this.#lamps.push(frame);
    this.#pending.push({ view, frame, motion });
    if (this.#pending.length >= CHUNK_FRAMES) this.#process();
  }

  /** Frames that came. */
  get frameCount(): number {
    return this.#observed.length + this.#pending.length;
  }

  /**
   * No more frames come; `times` are their seconds.
   *
   * @throws {RangeError} when there are fewer times than frames.
   */
  finish(times: ArrayLike<number>): SceneObservations {
    this.#process();
    if (times.length < this.#observed.length) {
      throw new RangeError(
        `Cannot time ${this.#observed.length} frames: there are ${times.length} times`,
      );
    }
    return {
      width: this.#width,
      height: this.#height,
      frames: this.#observed.map((frame, i) => ({ ...frame, time: times[i]! })),
      bodyHeight: this.#bodyHeight(),
      lampTime: this.#lamps.find(times),
    };
  }

  #bodyHeight(): number {
    const { length } = this.#heights;
    if (length === 0) return DEFAULT_HEIGHT * this.#height;
    // Lunges and limbs that look like the wall make shapes lower, nothing makes them higher.
    return this.#heights.toSorted((a, b) => a - b)[Math.floor(length * 0.7)]!;
  }

  #process(): void {
    const pending = this.#pending;
    if (pending.length === 0) return;
    this.#pending = [];
    const background = this.#background(pending);
    const step = Math.max(1, Math.floor(pending.length / HEIGHT_FRAMES));
    for (let i = 0; i < pending.length; i += step) {
      const found = this.#finder.find(pending[i]!.frame, background);
      this.#heights.push(...standingHeights(findShapes(found), this.#height));
    }
    const bodyHeight = this.#bodyHeight();
    for (const { view, frame, motion } of pending) {
      const found = this.#finder.find(frame, background);
      const candidates = findCandidates(found, findShapes(found), bodyHeight);
      const { dx, dy, cut } = view;
      this.#observed.push({ candidates, dx, dy, cut, motion });
    }
  }

  #background(pending: readonly Pending[]): Background {
    const chosen = chooseSamples(
      pending.map(({ motion }) => motion),
      BACKGROUND_SAMPLES - this.#samples.length,
    ).map((index) => pending[index]!.frame);
    const samples = [...this.#samples, ...chosen];
    const step = Math.max(1, Math.floor(samples.length / KEPT_SAMPLES));
    this.#samples = samples.filter((_, i) => i % step === 0)
      .slice(-KEPT_SAMPLES);
    return medianBackground(samples);
  }
}

/** Share of the pixels that changed more than noise does. */
export function motionBetween(
  before: AlignedFrame,
  after: AlignedFrame,
): number {
  const left = Math.max(before.left, after.left);
  const top = Math.max(before.top, after.top);
  const right = Math.min(
    before.left + before.image.width,
    after.left + after.image.width,
  );
  const bottom = Math.min(
    before.top + before.image.height,
    after.top + after.image.height,
  );
  const histogram = new Uint32Array(256);
  let count = 0;
  let offset = 0;
  for (let y = top; y < bottom; y++) {
    const one = (y - before.top) * before.image.width - before.left;
    const two = (y - after.top) * after.image.width - after.left;
    for (let x = left + offset; x < right; x += MOTION_STRIDE, count++) {
      histogram[
        Math.abs(before.image.pixels[one + x]! - after.image.pixels[two + x]!)
      ]!++;
    }
    offset = (offset + 4) % MOTION_STRIDE;
  }
  let median = 0;
  for (let sum = 0; median < 256; median++) {
    sum += histogram[median]!;
    if (2 * sum >= count) break;
  }
  let moved = 0;
  for (let grey = 5 * median + 6; grey < 256; grey++) moved += histogram[grey]!;
  return count === 0 ? 0 : moved / count;
}
