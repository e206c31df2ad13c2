/**
 * One viewer's way through a file: position, pace, pause, seek, end.
 *
 * @module
 */

import type { FrameCache } from "./frame_cache.ts";
import type { FrameClock } from "./frame_clock.ts";
import type { FrameStore } from "./frame_store.ts";
import type {
  FrameSink,
  Playback,
  PlayStart,
  PlayWish,
  Refusal,
} from "./playback.ts";
import { TICKS_PER_SECOND } from "./playback.ts";

/** Being later than this starts a new schedule: a suspended machine must not send the missed hour at once. */
const MAX_CATCH_UP_MS = 1000;
/**
 * Viewers of the same rate share so many moments within a frame time. Each
 * wakes the process, which costs as much as ten frames sent; who begins in
 * between has the second frame up to a frame early.
 */
const PHASES = 1;
/** Times are compared with this much of a frame's tolerance: 0.1 s at 30 frames/s is frame 3. */
const EPSILON = 1e-6;

/** What a file's viewers share. */
export interface FilePlaybackOptions {
  readonly store: FrameStore;
  readonly cache: FrameCache;
  readonly clock: FrameClock;
  /** Frames a second. */
  readonly fps: number;
  /** Whether it starts over at its end. */
  readonly repeat: boolean;
  /** RTP timestamp of the first frame. */
  readonly timestamp: number;
  readonly sink: FrameSink;
}

/** What is being played. */
interface Plan {
  /** Index of the first frame. */
  readonly first: number;
  /** Index behind the last frame, or before the first when played backwards. */
  readonly end: number;
  /** Frames forward from one shown to the next; negative is backwards. */
  readonly step: number;
  /** Milliseconds from one to the next. */
  readonly interval: number;
  /** RTP ticks from one to the next. */
  readonly ticks: number;
  /** RTP timestamp of the first. */
  readonly timestamp: number;
}

/** Plays on an absolute schedule: late wake-ups never add up. */
export class FilePlayback implements Playback {
  readonly #options: FilePlaybackOptions;
  readonly ssrc = undefined;
  #position = 0;
  #timestamp: number;
  #plan: Plan | undefined;
  /** Frames of the plan that were sent. */
  #sent = 0;
  #anchor = 0;
  /** Tells tasks of a plan that was left from those of the present one. */
  #generation = 0;

  /** At the file's start. */
  constructor(options: FilePlaybackOptions) {
    this.#options = options;
    this.#timestamp = options.timestamp >>> 0;
  }

  /** Seconds into the file. */
  get position(): number {
    return this.#position / this.#options.fps;
  }

  /** See {@linkcode Playback.begin}. */
  begin(wish: PlayWish): PlayStart | Refusal {
    this.pause();
    const { fps, store, cache, repeat } = this.#options;
    const count = store.count;
    const backwards = wish.scale < 0;
    let first = typeof wish.from === "number"
      ? Math.floor(wish.from * fps + EPSILON)
      : this.#position;
    if (store.complete && first >= count) {
      // Played to the end: once more. A film ends with its last frame's time.
      first = typeof wish.from === "number" || backwards ? count - 1 : 0;
    }
    const toFrame = wish.to === undefined
      ? undefined
      : Math.ceil(wish.to * fps - EPSILON);
    const end = backwards ? toFrame ?? -1 : toFrame ?? Infinity;
    const slowness = Math.min(1, Math.abs(wish.scale));
    this.#plan = {
      first,
      end: repeat && toFrame === undefined ? Infinity : end,
      step: Math.sign(wish.scale) * Math.max(1, Math.abs(wish.scale)),
      interval: 1000 / (fps * slowness * wish.speed),
      ticks: TICKS_PER_SECOND / (fps * slowness),
      timestamp: this.#timestamp,
    };
    this.#sent = 0;
    this.#position = first;
    cache.prefetch(store, first);
    return {
      from: first / fps,
      to: wish.to,
      scale: wish.scale,
      speed: wish.speed,
      timestamp: this.#timestamp,
      sequence: undefined,
    };
  }

  /** See {@linkcode Playback.start}. */
  start(): void {
    if (this.#plan === undefined) return;
    const phase = this.#plan.interval / PHASES;
    this.#anchor = Math.floor(performance.now() / phase) * phase;
    this.#next(++this.#generation);
  }

  /** See {@linkcode Playback.pause}. */
  pause(): void {
    this.#generation++;
    this.#plan = undefined;
  }

  /** See {@linkcode Playback.close}. */
  close(): void {
    this.pause();
  }

  /** Sends the frame that is due, or waits until it can be had. */
  #next(generation: number): void {
    const plan = this.#plan;
    if (generation !== this.#generation || plan === undefined) return;
    const { store, cache, sink, clock } = this.#options;
    const index = this.#indexOf(plan);
    if (index === undefined) {
      this.pause();
      sink.ended();
      return;
    }
    this.#position = index;
    if (index >= store.count) {
      void store.grown().then(() => this.#next(generation));
      return;
    }
    const frame = cache.get(store, index);
    if (frame === undefined) {
      void cache.load(store, index).then(() => this.#next(generation));
      return;
    }
    const late = clock.now - this.#due(plan);
    if (late > MAX_CATCH_UP_MS) this.#anchor += late;
    const timestamp = (plan.timestamp + Math.round(this.#sent * plan.ticks)) >>>
      0;
    this.#sent++;
    this.#position = this.#indexOf(plan) ??
      Math.max(0, Math.min(plan.end, store.count));
    this.#timestamp = (plan.timestamp + Math.round(this.#sent * plan.ticks)) >>>
      0;
    clock.schedule(this.#due(plan), () => this.#next(generation));
    if (frame !== "unfit") sink.frame(frame, timestamp);
    if (this.#position < store.count) cache.prefetch(store, this.#position);
  }

  #due(plan: Plan): number {
    return this.#anchor + this.#sent * plan.interval;
  }

  /** The frame to send now; `undefined` at the end. */
  #indexOf(plan: Plan): number | undefined {
    const { store, repeat } = this.#options;
    const way = Math.floor(this.#sent * Math.abs(plan.step) + EPSILON);
    const index = plan.first + Math.sign(plan.step) * way;
    if (plan.step > 0 ? index >= plan.end : index <= plan.end) {
      return undefined;
    }
    if (!store.complete || (index >= 0 && index < store.count)) return index;
    if (!repeat || store.count === 0) return undefined;
    return ((index % store.count) + store.count) % store.count;
  }
}
