/**
 * One run of ffmpeg that turns an input into JPEG pictures.
 *
 * @module
 */

import { isAtLeast } from "./ffmpeg_version.ts";
import type { FfmpegVersion } from "./ffmpeg_version.ts";
import { MediaError } from "./errors.ts";
import type { FfmpegInput } from "./ffmpeg_inputs.ts";
import { spawnFfmpeg } from "./ffmpeg_process.ts";
import type { FfmpegProcess } from "./ffmpeg_process.ts";
import { readJpegs } from "./jpeg_stream.ts";
import type { Logger } from "../log/mod.ts";
import { ffmpegQuality } from "./quality.ts";

/** What comes out of ffmpeg. */
export interface JpegOutput {
  /** The input's own JPEGs, untouched; what follows has no effect then. */
  readonly copy: boolean;
  /** Quality from 1 to 100. */
  readonly quality: number;
  /** Frames a second to convert to; the input's own timing when not given. */
  readonly fps?: number | undefined;
  /** Picture size to scale to. */
  readonly size?:
    | { readonly width: number; readonly height: number }
    | undefined;
}

/** An ffmpeg and its version. */
export interface Ffmpeg {
  /** Where it is. */
  readonly path: string;
  /** Which it is. */
  readonly version: FfmpegVersion;
}

/**
 * ffmpeg's arguments after the input for `output`: baseline JPEG, 4:2:0, with
 * the Huffman tables of Annex K, because RTP (RFC 2435) cannot carry others;
 * each part of the multipart stream has its length, so that splitting it costs
 * nothing.
 */
export function outputArguments(
  output: JpegOutput,
  version: FfmpegVersion,
): string[] {
  // not the cover picture of a song
  const first = ["-map", "0:V:0"];
  const last = ["-flush_packets", "1", "-f", "mpjpeg", "pipe:1"];
  if (output.copy) return [...first, "-c:v", "copy", ...last];
  const filters: string[] = [];
  if (output.fps !== undefined) filters.push(`fps=${output.fps}`);
  if (output.size !== undefined) {
    filters.push(`scale=${output.size.width}:${output.size.height}`);
  }
  return [
    ...first,
    ...(filters.length === 0 ? [] : ["-vf", filters.join(",")]),
    "-c:v",
    "mjpeg",
    "-q:v",
    String(ffmpegQuality(output.quality)),
    "-huffman",
    "default",
    "-pix_fmt",
    "yuvj420p",
    // a frame out for each frame in: ffmpeg's own idea drops and doubles some
    ...passthroughTiming(version),
    ...last,
  ];
}

/** Asks ffmpeg neither to drop nor to double frames. */
export function passthroughTiming(version: FfmpegVersion): string[] {
  return isAtLeast(version, 5, 1)
    ? ["-fps_mode", "passthrough"]
    : ["-vsync", "passthrough"];
}

/** How {@linkcode readWithFfmpeg} reads. */
export interface ReadingOptions {
  /** The program. */
  readonly ffmpeg: Ffmpeg;
  /** What it opens. */
  readonly input: FfmpegInput;
  /** Arguments before the input's. */
  readonly before?: readonly string[];
  /** What comes out. */
  readonly output: JpegOutput;
  /** What we write to its standard input. */
  readonly feed?: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
  /** Told what ffmpeg complains about when it nevertheless succeeds. */
  readonly log: Logger;
  /** Ends the reading. */
  readonly signal: AbortSignal;
}

/**
 * The JPEGs of `input`. ffmpeg runs only as far as they are taken, and is gone
 * when the iteration has ended, for whatever reason.
 *
 * @throws {MediaError} with ffmpeg's reason when it fails.
 */
export async function* readWithFfmpeg(
  options: ReadingOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const { ffmpeg, input, output, feed, log, signal } = options;
  const args = [
    ...(options.before ?? []),
    ...input.args,
    ...outputArguments(output, ffmpeg.version),
  ];
  await using process = spawnFfmpeg(ffmpeg.path, args, {
    signal,
    stdin: feed === undefined ? "null" : "piped",
    stdout: "piped",
  });
  const ended = new AbortController();
  const feeding = feed?.(ended.signal);
  const fed = feeding === undefined
    ? Promise.resolve(undefined)
    : feedProcess(process, feeding);
  let frames = 0;
  try {
    for await (const jpeg of readJpegs(process.stdout, "multipart")) {
      frames++;
      yield jpeg;
    }
    await process.exit;
  } finally {
    ended.abort();
    await process.stop();
    await fed;
  }
  if (signal.aborted) return;
  const feedError = await fed;
  if (feedError !== undefined) throw feedError;
  const { success, code } = await process.exit;
  const what = `Cannot read ${JSON.stringify(input.label)}`;
  const reason = process.reason(input.name);
  if (!success) {
    throw new MediaError(
      "ffmpeg_failed",
      `${what}${frames === 0 ? "" : ` further`}: ${
        reason ?? `ffmpeg ended with ${code}`
      }`,
    );
  }
  if (frames === 0) {
    throw new MediaError(
      "no_video",
      `${what}: ${reason ?? "there is no picture in it"}`,
    );
  }
  if (reason !== undefined) log.warn(`"${input.label}" is damaged: ${reason}`);
}

/** Writes all of `pictures` to the process; resolves with the error of the pictures' own source, if any. */
async function feedProcess(
  process: FfmpegProcess,
  pictures: AsyncIterable<Uint8Array>,
): Promise<unknown> {
  const writer = process.stdin.getWriter();
  writer.closed.catch(() => {}); // told by the write below
  let isWriting = false;
  try {
    for await (const picture of pictures) {
      isWriting = true;
      await writer.write(picture);
      isWriting = false;
    }
    isWriting = true;
    await writer.close();
    return undefined;
  } catch (error) {
    await writer.abort().catch(() => {});
    // a broken pipe says only that ffmpeg ended, and its exit says why
    return isWriting ? undefined : error;
  }
}
