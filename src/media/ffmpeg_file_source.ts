/**
 * Videos that end: files, and whatever else ffmpeg reads from its start.
 *
 * @module
 */

import { checkJpeg, JpegError } from "../jpeg/mod.ts";
import type { Logger } from "../log/mod.ts";
import type { FfmpegInput } from "./ffmpeg_inputs.ts";
import type { VideoInfo } from "./ffmpeg_probe.ts";
import { readWithFfmpeg } from "./ffmpeg_reading.ts";
import type { Ffmpeg, JpegOutput } from "./ffmpeg_reading.ts";
import { BaseSource, READ_AHEAD_FRAMES } from "./frame_source.ts";

/** How a video is played. */
export interface FfmpegFileOptions {
  /** The program. */
  readonly ffmpeg: Ffmpeg;
  /** What it opens. */
  readonly input: FfmpegInput;
  /** What is in it. */
  readonly info: VideoInfo;
  /** Frames a second to convert to. */
  readonly fps?: number | undefined;
  /** Size to scale to. */
  readonly size?:
    | { readonly width: number; readonly height: number }
    | undefined;
  /** Quality from 1 to 100 where pictures are encoded. */
  readonly quality: number;
  /** Encodes even what is JPEG already. */
  readonly recode?: boolean | undefined;
  /** Whether it starts over at its end. */
  readonly loop?: boolean | undefined;
  /** Seconds to skip at the start. */
  readonly start?: number | undefined;
  /** Seconds to play. */
  readonly duration?: number | undefined;
  /** Its pictures are written to ffmpeg's standard input, which `input` must open. */
  readonly feed?: BaseSource | undefined;
  /** Told what is wrong with the video. */
  readonly log: Logger;
  /** Ends the reading. */
  readonly signal?: AbortSignal | undefined;
}

/** Rates that videos are made at; above the last are time bases taken for rates. */
const COMMON_RATES = [
  5,
  10,
  12,
  15,
  20,
  23.976,
  24,
  25,
  29.97,
  30,
  50,
  59.94,
  60,
];

/** Videos round their average rate to hundredths. */
const RATE_ROUNDING = 0.006;

/** The rate that frames which may come unevenly are shown at, when the user names none. */
function evenRate(info: VideoInfo): number {
  return COMMON_RATES.find((rate) => rate >= info.fps - RATE_ROUNDING) ?? 60;
}

/** A video as JPEGs: its own where it has them and nothing is to be changed, else encoded by ffmpeg. */
export class FfmpegFileSource extends BaseSource {
  readonly #options: FfmpegFileOptions;
  readonly #resample: { from: number; to: number } | undefined;
  readonly #output: JpegOutput;

  /** Plays what `options.input` opens. */
  constructor(options: FfmpegFileOptions) {
    const { info, size, start = 0, loop } = options;
    const copy = info.codec === "mjpeg" && size === undefined &&
      options.recode !== true && info.constantRate;
    const convertTo = options.fps ??
      (info.constantRate ? undefined : evenRate(info));
    const fps = convertTo ?? info.fps;
    const seconds = info.duration === undefined
      ? undefined
      : Math.max(0, info.duration - start);
    super({
      label: options.input.label,
      live: false,
      fps,
      width: size?.width ?? info.width,
      height: size?.height ?? info.height,
      totalFrames: loop ? undefined : options.feed?.totalFrames ??
        (seconds === undefined ? undefined : Math.round(seconds * fps)),
      duration: options.duration,
      readAhead: READ_AHEAD_FRAMES,
      signal: options.signal,
    });
    this.#options = options;
    this.#resample = copy && convertTo !== undefined && convertTo !== info.fps
      ? { from: info.fps, to: convertTo }
      : undefined;
    this.#output = {
      copy,
      quality: options.quality,
      fps: copy || (info.constantRate && convertTo === info.fps)
        ? undefined
        : convertTo,
      size,
    };
  }

  /** One reading of the video. */
  protected override async *produce(
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const frames = this.#output.copy
      ? this.#copied(signal)
      : this.#read(this.#output, signal);
    if (this.#resample === undefined) {
      yield* frames;
    } else {
      yield* resample(frames, this.#resample.from, this.#resample.to);
    }
  }

  /** The video's own JPEGs, unless they are none: capture cards put two fields into one picture. */
  async *#copied(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let isFirst = true;
    for await (const jpeg of this.#read(this.#output, signal)) {
      if (isFirst && !isSound(jpeg)) break;
      isFirst = false;
      yield jpeg;
    }
    if (!isFirst || signal.aborted) return;
    this.#options.log.warn(
      `"${this.label}" has JPEGs of an unusual kind: they are encoded anew`,
    );
    yield* this.#read({ ...this.#output, copy: false }, signal);
  }

  /** Closes what it is fed from. */
  protected override async close(): Promise<void> {
    await this.#options.feed?.[Symbol.asyncDispose]();
  }

  #read(
    output: JpegOutput,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { ffmpeg, input, log, loop, start, feed } = this.#options;
    return readWithFfmpeg({
      ffmpeg,
      input,
      before: [
        // a pipe cannot be read again: there the feed loops
        ...(loop && feed === undefined ? ["-stream_loop", "-1"] : []),
        ...(start && feed === undefined ? ["-ss", String(start)] : []),
      ],
      output,
      ...(feed === undefined
        ? {}
        : { feed: (ended: AbortSignal) => picturesOf(feed, ended) }),
      log,
      signal,
    });
  }
}

/** The pictures of `source` until `ended` aborts. */
async function* picturesOf(
  source: BaseSource,
  ended: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const onEnded = (): void => source.stop();
  ended.addEventListener("abort", onEnded, { once: true });
  try {
    for await (const { bytes } of source.frames()) yield bytes;
  } finally {
    ended.removeEventListener("abort", onEnded);
  }
}

function isSound(jpeg: Uint8Array): boolean {
  try {
    checkJpeg(jpeg);
    return true;
  } catch (error) {
    if (error instanceof JpegError) return false;
    throw error;
  }
}

/**
 * Frames at another rate, by leaving out and repeating: output k is the frame
 * that is shown at time k / to.
 */
export async function* resample<T>(
  frames: AsyncIterable<T>,
  from: number,
  to: number,
): AsyncGenerator<T> {
  let index = 0;
  let next = 0;
  for await (const frame of frames) {
    index++;
    // shown from (index − 1) / from until index / from
    while (next * from < index * to - 1e-9 * to) {
      yield frame;
      next++;
    }
  }
}
