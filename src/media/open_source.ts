/**
 * From a SOURCE to its frames.
 *
 * @module
 */

import type { Logger } from "../log/mod.ts";
import { redact } from "../log/mod.ts";
import { MediaError } from "./errors.ts";
import { ensureFfmpeg } from "./ffmpeg_fetch.ts";
import type { FetchProgress } from "./ffmpeg_fetch.ts";
import { FfmpegFileSource } from "./ffmpeg_file_source.ts";
import {
  cameraInputs,
  fileInput,
  jpegPipeInput,
  parseDshowDevices,
  urlInput,
} from "./ffmpeg_inputs.ts";
import type { FfmpegInput } from "./ffmpeg_inputs.ts";
import { FfmpegLiveSource } from "./ffmpeg_live_source.ts";
import { probeVideo, withMeasuredRate } from "./ffmpeg_probe.ts";
import type { VideoInfo } from "./ffmpeg_probe.ts";
import { spawnFfmpeg } from "./ffmpeg_process.ts";
import type { Ffmpeg } from "./ffmpeg_reading.ts";
import { ffmpegVersion } from "./ffmpeg_version.ts";
import type { BaseSource, FrameSource } from "./frame_source.ts";
import { MjpegFileSource } from "./mjpeg_file_source.ts";
import { indexMjpegFile } from "./mjpeg_index.ts";
import type { MjpegFileIndex } from "./mjpeg_index.ts";
import { PatternSource } from "./pattern_source.ts";
import { DEFAULT_QUALITY } from "./quality.ts";
import type { SourceSpec } from "./source_spec.ts";
import { StdinSource } from "./stdin_source.ts";

/** How a source is played. */
export interface OpenSourceOptions {
  /** The path the user gave with `--ffmpeg`. */
  readonly ffmpeg?: string | undefined;
  /**
   * Frames a second. What has a rate of its own is converted to it, by leaving
   * out and repeating frames; a bare MJPEG file has none and is played at it.
   */
  readonly fps?: number | undefined;
  /** Quality from 1 to 100 where pictures are encoded; JPEGs are passed on as they are. 80 by default. */
  readonly quality?: number | undefined;
  /** Scales to this size; JPEGs are encoded anew then. */
  readonly size?:
    | { readonly width: number; readonly height: number }
    | undefined;
  /** Encodes even what is JPEG already: baseline, 4:2:0, standard Huffman tables. */
  readonly recode?: boolean | undefined;
  /** Whether a file starts over at its end. */
  readonly loop?: boolean | undefined;
  /** Seconds of a file to skip at its start. */
  readonly start?: number | undefined;
  /** Seconds to play. */
  readonly duration?: number | undefined;
  /** An index of the file made before, for a MJPEG file. */
  readonly index?: MjpegFileIndex | undefined;
  /** Standard input; the process's own by default. */
  readonly stdin?: ReadableStream<Uint8Array> | undefined;
  /** Told what is wrong with the source. */
  readonly log: Logger;
  /** Called while ffmpeg is fetched. */
  readonly onFetchProgress?: ((progress: FetchProgress) => void) | undefined;
  /** Ends the source, and what opening it started. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the source that `spec` names. ffmpeg is looked for, and fetched, only
 * when the source needs it: a MJPEG file does not.
 *
 * @throws {MediaError} when the source cannot be read.
 * @throws {MissingProgramError} when it needs ffmpeg and there is none.
 * @throws the signal's reason when it aborts.
 */
export async function openSource(
  spec: SourceSpec,
  options: OpenSourceOptions,
): Promise<FrameSource> {
  options.signal?.throwIfAborted();
  switch (spec.kind) {
    case "file":
      return await openFileSource(spec.path, options);
    case "stdin":
      return await encodeAnew(
        await StdinSource.open({
          ...options,
          input: options.stdin ?? Deno.stdin.readable,
        }),
        options,
      );
    case "pattern": {
      const { width, height } = options.size ?? spec;
      return new PatternSource({
        ...options,
        ffmpeg: await findProgram(options),
        width,
        height,
        fps: options.fps ?? spec.fps,
        quality: options.quality ?? DEFAULT_QUALITY,
      });
    }
    case "url":
      return await openUrl(spec.url, options);
    case "camera":
      return await openCamera(spec.index, options);
    case "chain":
      throw new MediaError(
        "unsupported",
        `Cannot read chain://${spec.host}:${spec.port} here: it is no matter of files and ffmpeg`,
      );
  }
}

async function findProgram(options: OpenSourceOptions): Promise<Ffmpeg> {
  const { path } = await ensureFfmpeg({
    flag: options.ffmpeg,
    log: options.log,
    onProgress: options.onFetchProgress,
    signal: options.signal,
  });
  return { path, version: await ffmpegVersion(path) };
}

async function openFileSource(
  path: string,
  options: OpenSourceOptions,
): Promise<FrameSource> {
  const index = options.index ?? await indexMjpegFile(path, options);
  if (index !== undefined) {
    return await encodeAnew(new MjpegFileSource(index, options), options);
  }
  const ffmpeg = await findProgram(options);
  const input = fileInput(path);
  const stated = await probeVideo(ffmpeg.path, input, options);
  // JPEGs are passed on as they are and need their rate; other frames are made even anyway
  const info = stated.codec === "mjpeg"
    ? await withMeasuredRate(ffmpeg.path, input, stated, options)
    : stated;
  return playFilm(ffmpeg, input, info, options);
}

/** Something that ends, read as far as it is taken. */
function playFilm(
  ffmpeg: Ffmpeg,
  input: FfmpegInput,
  info: VideoInfo,
  options: OpenSourceOptions,
): FrameSource {
  return new FfmpegFileSource({
    ...options,
    ffmpeg,
    input,
    info,
    quality: options.quality ?? DEFAULT_QUALITY,
  });
}

/** `source` itself, or with another size or encoding when that is asked for. */
async function encodeAnew(
  source: BaseSource,
  options: OpenSourceOptions,
): Promise<FrameSource> {
  if (options.size === undefined && options.recode !== true) return source;
  try {
    return new FfmpegFileSource({
      log: options.log,
      signal: options.signal,
      size: options.size,
      recode: true,
      ffmpeg: await findProgram(options),
      input: { ...jpegPipeInput(source.fps), label: source.label },
      info: {
        width: source.width,
        height: source.height,
        fps: source.fps,
        constantRate: true,
        duration: undefined,
        frames: source.totalFrames,
        codec: "mjpeg",
        pixFmt: "yuvj420p",
      },
      quality: options.quality ?? DEFAULT_QUALITY,
      feed: source,
    });
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

async function openUrl(
  url: string,
  options: OpenSourceOptions,
): Promise<FrameSource> {
  const ffmpeg = await findProgram(options);
  const input = urlInput(url, redact(url), ffmpeg.version);
  const info = await probeVideo(ffmpeg.path, input, options);
  // a film on a web server has an end, and its server waits for us
  if (info.duration !== undefined && /^https?:/.test(url)) {
    return playFilm(ffmpeg, input, info, options);
  }
  const { fps, size, recode, quality = DEFAULT_QUALITY } = options;
  const copy = info.codec === "mjpeg" && fps === undefined &&
    size === undefined && recode !== true;
  return await FfmpegLiveSource.open({
    ...options,
    ffmpeg,
    inputs: [input],
    output: { copy, quality, fps, size },
    fps: fps ?? info.fps,
  });
}

/** Rate to state for a camera that was not asked for one; nearly all of them give it. */
const CAMERA_FPS = 30;

async function openCamera(
  index: number,
  options: OpenSourceOptions,
): Promise<FrameSource> {
  const ffmpeg = await findProgram(options);
  const { fps, size, quality = DEFAULT_QUALITY } = options;
  const deviceName = Deno.build.os === "windows"
    ? await dshowDevice(ffmpeg.path, index, options.signal)
    : undefined;
  return await FfmpegLiveSource.open({
    ...options,
    ffmpeg,
    inputs: cameraInputs(Deno.build.os, {
      index,
      fps,
      ...(size === undefined ? {} : { size }),
      ...(deviceName === undefined ? {} : { deviceName }),
    }),
    output: { copy: false, quality },
    fps: fps ?? CAMERA_FPS,
  });
}

/** Windows has names for its cameras, not numbers. */
async function dshowDevice(
  ffmpeg: string,
  index: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  const lines: string[] = [];
  await using listing = spawnFfmpeg(
    ffmpeg,
    ["-f", "dshow", "-list_devices", "true", "-i", "dummy"],
    { signal, logLevel: "info", onLine: (line) => void lines.push(line) },
  );
  await listing.exit;
  const devices = parseDshowDevices(lines);
  const name = devices[index];
  if (name === undefined) {
    throw new MediaError(
      "not_found",
      `Cannot open camera ${index}: there are ${devices.length} cameras`,
    );
  }
  return name;
}
