/**
 * `streamtool convert`
 *
 * @module
 */

import { LAB_MAX_PACKET_SIZE } from "../../rtp/mod.ts";
import {
  CONTAINER_FRAME_LIMIT,
  convertVideo,
} from "../../services/convert/mod.ts";
import type { ConvertResult } from "../../services/convert/mod.ts";
import { readSource } from "../chain_options.ts";
import type { CommandContext, Progress } from "../command.ts";
import { EXIT, UsageError } from "../errors.ts";
import { formatBytes } from "../progress.ts";
import type { ConvertOptions } from "./convert.ts";

/** Sides of a picture, in pixels; baseline JPEG has 16 bits for them. */
const MAX_SIDE = 65_535;

/** Rate that the course's servers and players assume, frames a second. */
const COURSE_FPS = 24;

/** Converts from start to end. */
export async function run(
  options: ConvertOptions,
  context: CommandContext,
): Promise<number> {
  const { container, out, quality } = options;
  const source = readSource(options.in);
  const endless = source.kind === "pattern" || source.kind === "camera";
  if (endless && options.duration === undefined) {
    throw new UsageError(
      `Cannot convert ${options.in} to its end: it has none. Pass --duration, such as --duration 10s`,
    );
  }
  let progress: Progress | undefined;
  const result = await convertVideo({
    source,
    output: out === "-"
      ? { kind: "stream", write: (bytes) => context.writeOutput(bytes) }
      : { kind: "file", path: out },
    container,
    fps: options.fps,
    size: options.size === undefined ? undefined : readSize(options.size),
    quality,
    maxFrameBytes: options.maxPacket ??
      (container === "raw" ? CONTAINER_FRAME_LIMIT.raw : LAB_MAX_PACKET_SIZE),
    start: seconds(options.start),
    duration: seconds(options.duration),
    ffmpeg: context.ffmpegFlag,
    onProgress: ({ frames, totalFrames, bytes }) => {
      progress ??= context.progress("Converting", totalFrames, "frames");
      progress.update(frames, formatBytes(bytes));
    },
  }, {
    signal: context.signal,
    log: context.log,
    emit: (event) => context.emit(event),
  });
  progress?.done();
  context.emit({ event: "end", output: out, container, ...result });
  if (out !== "-") context.print(describe(out, container, result));
  if (result.shrunk > 0) {
    context.log.warn(
      `${result.shrunk} of ${result.frames} frames were too large and are coarser, down to quality ${result.lowestQuality}. A smaller --size looks better`,
    );
  }
  return EXIT.ok;
}

function seconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : milliseconds / 1000;
}

/** `640x480`. @throws {UsageError} when it is none. */
function readSize(text: string): { width: number; height: number } {
  const match = /^(\d{1,5})[xX×](\d{1,5})$/.exec(text);
  const [width, height] = [Number(match?.[1]), Number(match?.[2])];
  if (!(width >= 1 && height >= 1 && width <= MAX_SIDE && height <= MAX_SIDE)) {
    throw new UsageError(
      `Cannot use "${text}" for --size: it is written WIDTHxHEIGHT, as in 640x480`,
    );
  }
  return { width, height };
}

function describe(
  out: string,
  container: string,
  { frames, width, height, fps, bytes, seconds }: ConvertResult,
): string {
  const rate = Math.round(fps * 1000) / 1000;
  const hint = rate === COURSE_FPS
    ? ""
    : `\nThe file says no frame rate: play it with --fps ${rate}`;
  return `${out}: ${frames} frames, ${width}×${height}, ${rate} frames/s, ${
    seconds.toFixed(1)
  } s, ${formatBytes(bytes)}, ${container}${hint}`;
}
