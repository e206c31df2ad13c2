/**
 * What a video is, read from ffmpeg's own description of it: the static
 * builds come without ffprobe.
 *
 * @module
 */

import { MediaError } from "./errors.ts";
import type { FfmpegInput } from "./ffmpeg_inputs.ts";
import { spawnFfmpeg } from "./ffmpeg_process.ts";

/** Milliseconds a probe may take; an RTSP camera needs 5 s for its first key frame. */
export const PROBE_TIMEOUT = 30_000;

/** Lines of description that are read: chapters and metadata of a long film have some hundred. */
const MAX_DESCRIPTION_LINES = 5000;

/** Rates above this are time bases that ffmpeg took for a rate ("1k tbr"). */
const MAX_PLAUSIBLE_FPS = 240;

/** Where a stream states no rate at all. */
const FALLBACK_FPS = 25;

/** A constant rate's average and base differ by rounding of the duration only. */
const CONSTANT_RATE_TOLERANCE = 0.02;

/** What ffmpeg says of the first picture stream of an input. */
export interface VideoInfo {
  /** Pixels, after turning as the file asks for. */
  readonly width: number;
  /** Pixels, after turning as the file asks for. */
  readonly height: number;
  /** Frames a second, the average. */
  readonly fps: number;
  /** Whether the frames are surely evenly spaced, as far as the description tells. */
  readonly constantRate: boolean;
  /** Seconds; `undefined` for a live stream. */
  readonly duration: number | undefined;
  /** Number of frames by duration and rate; `undefined` for a live stream. */
  readonly frames: number | undefined;
  /** ffmpeg's name of the codec, such as "h264" or "mjpeg". */
  readonly codec: string;
  /** ffmpeg's name of the pixel format, such as "yuv420p". */
  readonly pixFmt: string;
}

/**
 * Reads ffmpeg's description of an input, as on stderr at log level info:
 *
 * ```text
 *   Duration: 00:00:13.70, start: 0.000000, bitrate: 943 kb/s
 *   Stream #0:0[0x1](und): Video: h264 (High) (avc1 / 0x31637661),
 *     yuv420p(progressive), 640x480 [SAR 1:1 DAR 4:3], 30 fps, 30 tbr, 15360 tbn
 *     Side data:
 *       displaymatrix: rotation of -90.00 degrees
 * ```
 *
 * (each `Stream` is one line). `undefined` when there is no picture stream.
 */
export function parseVideoInfo(
  lines: readonly string[],
): VideoInfo | undefined {
  let duration: number | undefined;
  let fields: string[] | undefined;
  let rotation = 0;
  let inChosenStream = false;
  let isMatroska = false;
  for (const line of lines) {
    if (line.startsWith("Input #0, matroska")) isMatroska = true;
    const time = /^\s*Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)/.exec(line);
    if (time !== null && duration === undefined) {
      duration = Number(time[1]) * 3600 + Number(time[2]) * 60 +
        Number(time[3]);
    }
    const stream = /^\s*Stream #\d+:\d+.*?: (\w+): (.*)$/.exec(line);
    if (stream !== null) {
      inChosenStream = fields === undefined && stream[1] === "Video" &&
        !line.includes("(attached pic)");
      if (inChosenStream) fields = splitFields(stream[2] ?? "");
    }
    const turned = /displaymatrix: rotation of (-?\d+(?:\.\d+)?)/.exec(line);
    if (turned !== null && inChosenStream) rotation = Number(turned[1]);
  }
  if (fields === undefined) return undefined;
  const size = fields.map((field) => /^(\d{1,5})x(\d{1,5})\b/.exec(field))
    .find((match) => match !== null);
  const sides = [Number(size?.[1] ?? 0), Number(size?.[2] ?? 0)] as const;
  const isTurned = Math.abs(Math.round(rotation)) % 180 === 90;
  const average = rateField(fields, "fps");
  const base = rateField(fields, "tbr");
  const fps = average ?? base ?? FALLBACK_FPS;
  const codec = /^\w+/.exec(fields[0] ?? "")?.[0] ?? "unknown";
  const knownDuration = duration === 0 ? undefined : duration;
  return {
    width: isTurned ? sides[1] : sides[0],
    height: isTurned ? sides[0] : sides[1],
    fps,
    // Matroska's header states a rate also for frames that come unevenly
    constantRate: (!isMatroska || codec === "mjpeg") &&
      average !== undefined && base !== undefined &&
      Math.abs(average - base) <= base * CONSTANT_RATE_TOLERANCE,
    duration: knownDuration,
    frames: knownDuration === undefined
      ? undefined
      : Math.max(1, Math.round(knownDuration * fps)),
    codec,
    pixFmt: /^\w+/.exec(fields[1] ?? "")?.[0] ?? "unknown",
  };
}

/** Splits at commas outside parentheses. */
function splitFields(text: string): string[] {
  const fields: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "(" || char === "[") depth++;
    else if (char === ")" || char === "]") depth--;
    else if (char === "," && depth <= 0) {
      fields.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  fields.push(text.slice(start).trim());
  return fields;
}

/** The number of the field "30 fps", "29.97 tbr" or "1k tbr"; `undefined` when absent or absurd. */
function rateField(
  fields: readonly string[],
  unit: "fps" | "tbr",
): number | undefined {
  for (const field of fields) {
    const match = /^(\d+(?:\.\d+)?)(k?) (fps|tbr)\b/.exec(field);
    if (match === null || match[3] !== unit) continue;
    const rate = Number(match[1]) * (match[2] === "k" ? 1000 : 1);
    return rate > 0 && rate <= MAX_PLAUSIBLE_FPS ? rate : undefined;
  }
  return undefined;
}

/**
 * Opens `input` and says what its first picture stream is.
 *
 * @throws {MediaError} `unreadable` with ffmpeg's reason, or `no_video`.
 * @throws the signal's reason when it aborts.
 */
export async function probeVideo(
  ffmpeg: string,
  input: FfmpegInput,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly swift?: boolean;
  } = {},
): Promise<VideoInfo> {
  const { signal } = options;
  const lines: string[] = [];
  await using process = spawnFfmpeg(ffmpeg, input.args, {
    signal,
    swift: options.swift ?? false,
    logLevel: "info",
    onLine: (line) => {
      if (lines.length < MAX_DESCRIPTION_LINES) lines.push(line);
    },
  });
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    process.stop();
  }, PROBE_TIMEOUT);
  try {
    await process.exit;
  } finally {
    clearTimeout(timer);
  }
  signal?.throwIfAborted();
  const what = `Cannot read ${JSON.stringify(input.label)}`;
  if (timedOut) {
    throw new MediaError(
      "unreadable",
      `${what}: nothing came within ${PROBE_TIMEOUT / 1000} s`,
    );
  }
  // without an output ffmpeg always fails; "Input #0" says that it could open
  if (!lines.some((line) => line.startsWith("Input #0"))) {
    throw new MediaError(
      "unreadable",
      `${what}: ${process.reason(input.name) ?? "ffmpeg gives no reason"}`,
    );
  }
  const info = parseVideoInfo(lines);
  if (info === undefined) {
    throw new MediaError("no_video", `${what}: there is no picture in it`);
  }
  return info;
}

/** Seconds of a file whose frames' times are looked at. */
const MEASURED_SECONDS = 10;

/** Frames that are looked at. */
const MAX_MEASURED_FRAMES = 3000;

/** Fewer frames tell no rate. */
const MIN_MEASURED_FRAMES = 3;

/** A gap between frames may differ by this part of the mean gap: Matroska rounds times to ms. */
const EVEN_GAP_TOLERANCE = 0.1;

/** A rate this near to the stated one is the stated one. */
const SAME_RATE_TOLERANCE = 0.005;

/**
 * The rate of frames by their times, in the output of `-f framecrc`:
 *
 * ```text
 * #tb 0: 1/30
 * 0,          0,          0,        2,    26430, 0x1bafca24
 * stream,   dts,        pts, duration,     size, checksum
 * ```
 *
 * `undefined` when they do not come evenly, or are too few to tell.
 */
export function measureRate(lines: readonly string[]): number | undefined {
  let tick = 0;
  const times: number[] = [];
  for (const line of lines) {
    const base = /^#tb 0: (\d+)\/(\d+)/.exec(line);
    if (base !== null) tick = Number(base[1]) / Number(base[2]);
    const time = /^0,\s*-?\d+,\s*(-?\d+),/.exec(line);
    if (time !== null) times.push(Number(time[1]) * tick);
  }
  if (times.length < MIN_MEASURED_FRAMES) return undefined;
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const allowed = Math.max(mean * EVEN_GAP_TOLERANCE, tick);
  if (!(mean > 0) || gaps.some((gap) => Math.abs(gap - mean) > allowed)) {
    return undefined;
  }
  return Math.round(1000 / mean) / 1000;
}

/**
 * `info` with the rate that the file's frames really have. Headers lie: an AVI
 * that ffmpeg has copied states twice the rate, Matroska states one for frames
 * that come as they please.
 */
export async function withMeasuredRate(
  ffmpeg: string,
  input: FfmpegInput,
  info: VideoInfo,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly swift?: boolean;
  } = {},
): Promise<VideoInfo> {
  await using process = spawnFfmpeg(ffmpeg, [
    ...["-t", String(MEASURED_SECONDS), ...input.args],
    ...["-map", "0:V:0", "-c", "copy"],
    ...["-frames:v", String(MAX_MEASURED_FRAMES), "-f", "framecrc", "pipe:1"],
  ], {
    signal: options.signal,
    swift: options.swift ?? false,
    stdout: "piped",
  });
  const text = await new Response(process.stdout).text();
  await process.exit;
  options.signal?.throwIfAborted();
  const measured = measureRate(text.split("\n"));
  if (measured === undefined) return { ...info, constantRate: false };
  const isStated = Math.abs(measured - info.fps) <=
    info.fps * SAME_RATE_TOLERANCE;
  const fps = isStated ? info.fps : measured;
  return {
    ...info,
    fps,
    constantRate: true,
    frames: info.duration === undefined
      ? undefined
      : Math.max(1, Math.round(info.duration * fps)),
  };
}
