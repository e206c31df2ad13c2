/**
 * Where frames come from, whatever the source is.
 *
 * @module
 */

import { FrameQueue } from "./frame_queue.ts";

/** One JPEG picture of a stream. */
export interface VideoFrame {
  /** A whole JPEG file; the receiver may keep it, nobody writes to it again. */
  readonly bytes: Uint8Array;
  /** Presentation time from the stream's start, µs. */
  readonly time: number;
}

/** A stream of JPEG pictures. */
export interface FrameSource extends AsyncDisposable {
  /** What the user called it, without credentials. */
  readonly label: string;
  /** Whether it goes on without us: then frames that nobody takes in time are dropped. */
  readonly live: boolean;
  /** Frames a second, nominal. */
  readonly fps: number;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** Number of frames that will come; `undefined` when it is not known or there is no end. */
  readonly totalFrames: number | undefined;
  /**
   * The frames, as fast as they are taken. A file can be read again from its
   * start when a reading has ended; one reading at a time. Ends without an
   * error when the source is disposed of or its signal aborts.
   *
   * @throws {MediaError} from the iteration, when the source fails.
   */
  frames(): AsyncIterable<VideoFrame>;
}

/** Frames read ahead of the consumer: hides a decoder's jitter of up to 130 ms at 30 frames/s, and is at most a few MB. */
export const READ_AHEAD_FRAMES = 4;

/** What the readers of all sources have in common. */
export interface SourceTraits {
  /** As {@linkcode FrameSource.label}. */
  readonly label: string;
  /** As {@linkcode FrameSource.live}. */
  readonly live: boolean;
  /** As {@linkcode FrameSource.fps}. */
  readonly fps: number;
  /** As {@linkcode FrameSource.width}. */
  readonly width: number;
  /** As {@linkcode FrameSource.height}. */
  readonly height: number;
  /** Frames in one pass through the source; `undefined` when not known or endless. */
  readonly totalFrames: number | undefined;
  /** Seconds after which the stream ends. */
  readonly duration: number | undefined;
  /** Frames to read ahead; none makes the producer wait for each to be asked for. */
  readonly readAhead: number;
  /** Ends the source. */
  readonly signal: AbortSignal | undefined;
}

/** The part that every source shares: one reading at a time, read-ahead, times, the end. */
export abstract class BaseSource implements FrameSource {
  readonly #traits: SourceTraits;
  readonly #limit: number | undefined;
  #reading: AbortController | undefined;
  #pump: Promise<void> = Promise.resolve();
  #disposed = false;

  /** A source that has not been read yet. */
  constructor(traits: SourceTraits) {
    this.#traits = traits;
    this.#limit = traits.duration === undefined
      ? undefined
      : Math.max(1, Math.round(traits.duration * traits.fps));
  }

  /** What the user called it. */
  get label(): string {
    return this.#traits.label;
  }

  /** Whether frames that nobody takes are dropped. */
  get live(): boolean {
    return this.#traits.live;
  }

  /** Frames a second, nominal. */
  get fps(): number {
    return this.#traits.fps;
  }

  /** Width in pixels. */
  get width(): number {
    return this.#traits.width;
  }

  /** Height in pixels. */
  get height(): number {
    return this.#traits.height;
  }

  /** Number of frames that will come, where it is known. */
  get totalFrames(): number | undefined {
    const { live, totalFrames } = this.#traits;
    if (live) return undefined;
    if (this.#limit === undefined) return totalFrames;
    return Math.min(this.#limit, totalFrames ?? this.#limit);
  }

  /**
   * The JPEGs of one reading, until the source's end or `signal` aborts. When
   * it does, this must end promptly, and must then own nothing any more.
   */
  protected abstract produce(signal: AbortSignal): AsyncIterable<Uint8Array>;

  /** What goes on without a reading is ended here. */
  protected close(): Promise<void> {
    return Promise.resolve();
  }

  /** The frames; see {@linkcode FrameSource.frames}. */
  async *frames(): AsyncGenerator<VideoFrame, void, undefined> {
    if (this.#disposed) {
      throw new TypeError(`Cannot read "${this.label}": it is closed`);
    }
    if (this.#reading !== undefined) {
      throw new TypeError(`Cannot read "${this.label}" twice at a time`);
    }
    const reading = new AbortController();
    const outer = this.#traits.signal;
    const onAbort = (): void => reading.abort();
    if (outer?.aborted) onAbort();
    else outer?.addEventListener("abort", onAbort, { once: true });
    this.#reading = reading;
    try {
      yield* this.#timed(reading);
    } finally {
      reading.abort();
      outer?.removeEventListener("abort", onAbort);
      this.#reading = undefined;
    }
  }

  async *#timed(reading: AbortController): AsyncGenerator<VideoFrame> {
    const { live, fps, duration, readAhead } = this.#traits;
    const { signal } = reading;
    const jpegs = live || readAhead > 0
      ? this.#queued(reading, live ? 1 : readAhead)
      : this.produce(signal);
    let index = 0;
    let startedAt: number | undefined;
    for await (const bytes of jpegs) {
      if (signal.aborted) return;
      if (live) {
        const now = performance.now();
        startedAt ??= now;
        const time = Math.round((now - startedAt) * 1000);
        if (duration !== undefined && time >= duration * 1e6) return;
        yield { bytes, time };
      } else {
        yield { bytes, time: Math.round(index * 1e6 / fps) };
        index++;
        if (index === this.#limit) return;
      }
    }
  }

  /** Reads ahead of the consumer in the background. */
  async *#queued(
    reading: AbortController,
    limit: number,
  ): AsyncGenerator<Uint8Array> {
    const queue = new FrameQueue<Uint8Array>(limit, this.live);
    const onAbort = (): void => queue.close();
    if (reading.signal.aborted) onAbort();
    reading.signal.addEventListener("abort", onAbort, { once: true });
    this.#pump = this.#fill(queue, reading.signal);
    try {
      for (;;) {
        const item = await queue.next();
        if (item === undefined) return;
        yield item;
      }
    } finally {
      reading.abort();
      await this.#pump;
    }
  }

  async #fill(
    queue: FrameQueue<Uint8Array>,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      for await (const item of this.produce(signal)) {
        await queue.push(item);
        if (queue.isClosed) break;
      }
      queue.end();
    } catch (error) {
      queue.fail(error);
    }
  }

  /** Ends a reading that is under way, as if the source had ended. */
  stop(): void {
    this.#reading?.abort();
  }

  /** Ends a reading that is under way and waits until nothing of it is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.stop();
    await this.#pump;
    await this.close();
  }
}
