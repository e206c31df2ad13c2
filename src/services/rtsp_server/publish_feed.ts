/**
 * What publishers push, as a source that a live stream is made of.
 *
 * @module
 */

import type { FrameSource, VideoFrame } from "../../media/mod.ts";

/** Frames that wait for the live stream to take them: it is busy with one at a time. */
const MAX_WAITING_FRAMES = 4;
/** Frames that the rate is measured with, where the publisher does not say it. */
const MEASURED_FRAMES = 4;
/** Rate of a stream whose timestamps say nothing sensible. */
const FALLBACK_FPS = 25;
/** Rates outside are a publisher's mistake. */
const MIN_FPS = 0.1;
const MAX_FPS = 240;

/** A picture of a publisher. */
export interface PushedFrame {
  readonly jpeg: Uint8Array;
  /** Seconds of the publisher's own clock. */
  readonly mediaTime: number;
  readonly width: number;
  readonly height: number;
}

/** One publisher's time at a path. */
interface Run {
  /** As announced. */
  readonly fps: number | undefined;
  readonly times: number[];
  readonly waiting: PushedFrame[];
  wake: PromiseWithResolvers<void>;
  over: boolean;
}

/**
 * Joins the publishers of a path, one after another, to a live stream that
 * opens its source anew after each.
 */
export class PublishFeed {
  readonly #label: string;
  #run: Run | undefined;
  #begun = Promise.withResolvers<void>();
  #dropped = 0;

  /** `label` names it in messages. */
  constructor(label: string) {
    this.#label = label;
  }

  /** Frames that nobody took in time. */
  get dropped(): number {
    return this.#dropped;
  }

  /** A publisher begins; `fps` is what it announced. */
  begin(fps: number | undefined): void {
    this.end();
    this.#run = {
      fps,
      times: [],
      waiting: [],
      wake: Promise.withResolvers(),
      over: false,
    };
    this.#begun.resolve();
  }

  /** A picture came. */
  push(frame: PushedFrame): void {
    const run = this.#run;
    if (run === undefined) return;
    if (run.times.length < MEASURED_FRAMES) run.times.push(frame.mediaTime);
    run.waiting.push(frame);
    if (run.waiting.length > MAX_WAITING_FRAMES) {
      run.waiting.shift();
      this.#dropped++;
    }
    run.wake.resolve();
  }

  /** The publisher is gone. */
  end(): void {
    const run = this.#run;
    if (run === undefined) return;
    run.over = true;
    run.wake.resolve();
    this.#run = undefined;
    this.#begun = Promise.withResolvers();
  }

  /**
   * Waits for a publisher, and until its rate is known.
   *
   * @throws {Error} when the publisher leaves before, or the signal aborts.
   */
  async open(signal: AbortSignal): Promise<FrameSource> {
    const aborted = Promise.withResolvers<void>();
    const onAbort = (): void => aborted.resolve();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      while (!signal.aborted) {
        const run = this.#run;
        const known = run !== undefined && run.waiting.length > 0 &&
          (run.fps !== undefined || run.times.length === MEASURED_FRAMES);
        if (known) return new FeedSource(this.#label, run);
        await Promise.race([
          run === undefined ? this.#begun.promise : nextWake(run),
          aborted.promise,
        ]);
        if (run?.over) break;
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    throw gone(this.#label);
  }
}

/** The pictures of one publisher from now on. */
class FeedSource implements FrameSource {
  readonly label: string;
  readonly live = true;
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  readonly totalFrames = undefined;
  readonly #run: Run;

  constructor(label: string, run: Run) {
    const [first] = run.waiting;
    this.label = label;
    this.fps = run.fps ?? measure(run.times);
    this.width = first!.width;
    this.height = first!.height;
    this.#run = run;
  }

  /** @throws {Error} when the publisher has left, or sends another size. */
  async *frames(): AsyncGenerator<VideoFrame, void, undefined> {
    const run = this.#run;
    const start = run.waiting[0]?.mediaTime ?? 0;
    for (;;) {
      const frame = run.waiting.shift();
      if (frame === undefined) {
        if (run.over) throw gone(this.label);
        await nextWake(run);
        continue;
      }
      if (frame.width !== this.width || frame.height !== this.height) {
        run.waiting.unshift(frame);
        throw new Error(
          `Cannot go on with "${this.label}": its pictures changed to ${frame.width}x${frame.height}`,
        );
      }
      const time = Math.round((frame.mediaTime - start) * 1e6);
      yield { bytes: frame.jpeg, time };
    }
  }

  /** Owns nothing. */
  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

async function nextWake(run: Run): Promise<void> {
  await run.wake.promise;
  if (!run.over) run.wake = Promise.withResolvers();
}

/** The shortest step is the rate: lost frames make steps longer. */
function measure(times: readonly number[]): number {
  const steps = times.slice(1).map((time, index) => time - times[index]!)
    .filter((step) => step >= 1 / MAX_FPS && step <= 1 / MIN_FPS);
  if (steps.length === 0) return FALLBACK_FPS;
  return Math.round(1000 / Math.min(...steps)) / 1000;
}

function gone(label: string): Error {
  return new Error(`Cannot go on with "${label}": its publisher has left`);
}
