/**
 * Streams that go on without us: cameras and network streams.
 *
 * @module
 */

import { parseJpeg } from "../jpeg/mod.ts";
import type { Logger } from "../log/mod.ts";
import { MediaError } from "./errors.ts";
import type { FfmpegInput } from "./ffmpeg_inputs.ts";
import { PROBE_TIMEOUT } from "./ffmpeg_probe.ts";
import { readWithFfmpeg } from "./ffmpeg_reading.ts";
import type { Ffmpeg, JpegOutput } from "./ffmpeg_reading.ts";
import { BaseSource } from "./frame_source.ts";

/** How a live stream is opened. */
export interface FfmpegLiveOptions {
  /** The program. */
  readonly ffmpeg: Ffmpeg;
  /** The ways to open it, the best first. */
  readonly inputs: readonly FfmpegInput[];
  /** What comes out. */
  readonly output: JpegOutput;
  /** Frames a second, as far as it is known. */
  readonly fps: number;
  /** Seconds to play. */
  readonly duration?: number | undefined;
  /** Told what is wrong with the stream. */
  readonly log: Logger;
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** What arrives is shown: ffmpeg must not gather frames first. */
const LOW_DELAY = ["-fflags", "nobuffer", "-flags", "low_delay"];

/** A live stream that has given its first frame. It can be read once. */
export class FfmpegLiveSource extends BaseSource {
  readonly #reading: AsyncGenerator<Uint8Array<ArrayBuffer>>;
  readonly #stop: AbortController;
  readonly #release: () => void;
  #first: Uint8Array | undefined;

  private constructor(
    options: FfmpegLiveOptions,
    label: string,
    first: Uint8Array,
    reading: AsyncGenerator<Uint8Array<ArrayBuffer>>,
    stop: AbortController,
    release: () => void,
  ) {
    const { width, height } = parseJpeg(first);
    super({
      label,
      live: true,
      fps: options.fps,
      width,
      height,
      totalFrames: undefined,
      duration: options.duration,
      readAhead: 1,
      signal: options.signal,
    });
    this.#first = first;
    this.#reading = reading;
    this.#stop = stop;
    this.#release = release;
  }

  /**
   * Opens the stream in the first way that gives a frame.
   *
   * @throws {MediaError} with the last way's reason when none does.
   */
  static async open(options: FfmpegLiveOptions): Promise<FfmpegLiveSource> {
    const { ffmpeg, inputs, output, log, signal } = options;
    let failure: unknown;
    for (const input of inputs) {
      const stop = new AbortController();
      const onAbort = (): void => stop.abort();
      if (signal?.aborted) onAbort();
      else signal?.addEventListener("abort", onAbort, { once: true });
      const release = (): void => signal?.removeEventListener("abort", onAbort);
      const reading = readWithFfmpeg({
        ffmpeg,
        input,
        before: LOW_DELAY,
        output,
        log,
        signal: stop.signal,
      });
      const timer = setTimeout(() => stop.abort(), PROBE_TIMEOUT);
      try {
        const { value } = await reading.next();
        if (value instanceof Uint8Array) {
          return new FfmpegLiveSource(
            options,
            input.label,
            value,
            reading,
            stop,
            release,
          );
        }
        signal?.throwIfAborted();
        failure = new MediaError(
          "unreadable",
          `Cannot read ${JSON.stringify(input.label)}: nothing came within ${
            PROBE_TIMEOUT / 1000
          } s`,
        );
      } catch (error) {
        signal?.throwIfAborted();
        failure = error;
      } finally {
        clearTimeout(timer);
      }
      release();
    }
    throw failure;
  }

  /** The stream from its first frame on. */
  protected override async *produce(
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const onAbort = (): void => this.#stop.abort();
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    try {
      if (this.#first !== undefined) {
        const first = this.#first;
        this.#first = undefined;
        yield first;
      }
      yield* this.#reading;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#stop.abort();
      await this.#reading.return(undefined);
    }
  }

  /** Ends ffmpeg also when nobody has begun to read. */
  protected override async close(): Promise<void> {
    this.#release();
    this.#stop.abort();
    await this.#reading.return(undefined);
  }
}
