/**
 * A stream of JPEGs as one video file.
 *
 * @module
 */

import type { Logger } from "../log/mod.ts";
import { MediaError } from "./errors.ts";
import { spawnFfmpeg } from "./ffmpeg_process.ts";
import type { FfmpegProcess } from "./ffmpeg_process.ts";
import { MAX_QUEUED_BYTES, MAX_QUEUED_FRAMES } from "./frame_folder.ts";
import type { VideoFrame } from "./frame_source.ts";

/** Longest gap that is filled with the picture before it, seconds: a longer one is cut out. */
export const MAX_FILLED_GAP = 10;

/** Going back in time by more than this is a new stream, seconds; less is jitter. */
const MAX_JITTER = 1;

/** Milliseconds ffmpeg may take to finish a file: an hour's index is written in one. */
export const FINISH_TIMEOUT = 20_000;

/** Endings that a recording's name may have. */
const ENDINGS: readonly RecordingEnding[] = ["mp4", "mkv", "avi", "mov", "m4v"];

/** One of them. */
export type RecordingEnding = "mp4" | "mkv" | "avi" | "mov" | "m4v";

/**
 * The ending of a recording's name, which decides the kind of file.
 *
 * @throws {MediaError} `unsupported` when it is none that can be recorded to.
 */
export function recordingEnding(path: string): RecordingEnding {
  const ending = /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase();
  const known = ENDINGS.find((one) => one === ending);
  if (known !== undefined) return known;
  throw new MediaError(
    "unsupported",
    `Cannot record to ${
      JSON.stringify(path)
    }: its name must end in .mp4, .mkv, .avi or .mov`,
  );
}

/**
 * Tries whether a recording can be written to `path`, and leaves nothing there.
 *
 * @throws {MediaError} `unsupported` or `write_failed`, with the remedy.
 */
export async function checkRecording(path: string): Promise<void> {
  recordingEnding(path);
  try {
    const isNew = await Deno.stat(path).then(() => false, () => true);
    (await Deno.open(path, { append: true, create: true })).close();
    if (isNew) await Deno.remove(path);
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound
      ? "its folder is not there"
      : cause instanceof Deno.errors.PermissionDenied
      ? "writing is not permitted"
      : (cause as Error).message;
    throw new MediaError(
      "write_failed",
      `Cannot record to ${
        JSON.stringify(path)
      }: ${why}. Name a file in a folder that you may write to`,
      { cause },
    );
  }
}

/** How a recording is made. */
export interface RecorderOptions {
  /** Path of ffmpeg. */
  readonly ffmpeg: string;
  /** Frames a second. */
  readonly fps: number;
  /** Told how it is recorded, and once when that fails. */
  readonly log: Logger;
}

/** What became of a recording. */
export interface RecordingResult {
  /** Frames in the file, repeated ones included. */
  readonly frames: number;
  /** Frames that were not recorded because too many were waiting, or ffmpeg had ended. */
  readonly dropped: number;
  /** Why the file is not what it should be; `undefined` when it is. */
  readonly failure: string | undefined;
}

/**
 * Writes frames into a video through ffmpeg. Matroska, AVI and QuickTime get
 * the JPEGs untouched; few players show JPEGs in MP4, so there they become
 * H.264. The stream never waits: a recorder that cannot keep up drops frames
 * and says so.
 */
export class VideoRecorder implements AsyncDisposable {
  readonly #process: FfmpegProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #path: string;
  readonly #fps: number;
  readonly #log: Logger;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #isWriting = false;
  #writing: Promise<void> = Promise.resolve();
  #frames = 0;
  #dropped = 0;
  #previous: Uint8Array | undefined;
  #startTime = 0;
  #failure: string | undefined;
  #closing: Promise<RecordingResult> | undefined;

  private constructor(
    process: FfmpegProcess,
    path: string,
    options: RecorderOptions,
  ) {
    this.#process = process;
    this.#writer = process.stdin.getWriter();
    this.#writer.closed.catch(() => {}); // told by the write
    this.#path = path;
    this.#fps = options.fps;
    this.#log = options.log;
  }

  /**
   * Starts recording to `path`, replacing what is there; its ending decides
   * the kind of file: .mp4, .mkv, .avi or .mov.
   *
   * @throws {MediaError} when the ending is another.
   * @throws {MissingProgramError} when ffmpeg cannot be started.
   */
  static async open(
    path: string,
    options: RecorderOptions,
  ): Promise<VideoRecorder> {
    const encoding = await chooseEncoding(path, options);
    options.log.info(`recording to "${path}" as ${encoding.name}`);
    const process = spawnFfmpeg(options.ffmpeg, [
      ...["-f", "mjpeg", "-framerate", String(options.fps), "-i", "pipe:0"],
      ...encoding.args,
      ...["-y", `file:${path}`],
    ], { stdin: "piped" });
    return new VideoRecorder(process, path, options);
  }

  /**
   * Queues a frame. Gaps in the frames' times are filled with the picture
   * before them, so that the recording lasts as long as the stream did.
   */
  write(frame: VideoFrame): void {
    if (this.#closing !== undefined) return;
    if (this.#previous !== undefined) this.#fillGap(frame.time);
    else this.#startTime = frame.time;
    this.#previous = frame.bytes;
    this.#add(frame.bytes);
  }

  #fillGap(time: number): void {
    const expected = this.#startTime + this.#frames * 1e6 / this.#fps;
    const late = time - expected;
    // a new stream, or a pause
    if (late < -MAX_JITTER * 1e6 || late > MAX_FILLED_GAP * 1e6) {
      this.#startTime += late;
      return;
    }
    // one frame time of jitter is none
    const missing = Math.round(late * this.#fps / 1e6) - 1;
    for (let i = 0; i < missing; i++) {
      if (this.#previous !== undefined) this.#add(this.#previous);
    }
  }

  #add(bytes: Uint8Array): void {
    if (
      this.#failure !== undefined || this.#queue.length >= MAX_QUEUED_FRAMES ||
      this.#queuedBytes + bytes.length > MAX_QUEUED_BYTES
    ) {
      if (this.#dropped++ === 0 && this.#failure === undefined) {
        this.#log.warn(
          `the recording "${this.#path}" loses frames: this machine is too slow for it`,
        );
      }
      return;
    }
    this.#frames++;
    this.#queuedBytes += bytes.length;
    this.#queue.push(bytes);
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#writing = this.#drain();
  }

  async #drain(): Promise<void> {
    for (
      let bytes = this.#queue.shift();
      bytes;
      bytes = this.#queue.shift()
    ) {
      this.#queuedBytes -= bytes.length;
      try {
        await this.#writer.write(bytes);
      } catch {
        await this.#process.exit;
        this.#fail(
          this.#process.reason(`file:${this.#path}`) ?? "ffmpeg has ended",
        );
        break;
      }
    }
    this.#isWriting = false;
  }

  #fail(why: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = why;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#log.error(`Cannot record to "${this.#path}" any more: ${why}`);
  }

  /** Writes what is queued, finishes the file and waits until it is whole. */
  close(): Promise<RecordingResult> {
    this.#closing ??= this.#finish();
    return this.#closing;
  }

  async #finish(): Promise<RecordingResult> {
    const timer = setTimeout(() => {
      this.#fail(`ffmpeg did not finish within ${FINISH_TIMEOUT / 1000} s`);
      this.#process.stop();
    }, FINISH_TIMEOUT);
    try {
      await this.#writing;
      await this.#writer.close().catch(() => {}); // told by the exit
      const { success, code } = await this.#process.exit;
      if (!success) {
        this.#fail(
          this.#process.reason(`file:${this.#path}`) ??
            `ffmpeg ended with ${code}`,
        );
      }
    } finally {
      clearTimeout(timer);
    }
    return {
      frames: this.#frames,
      dropped: this.#dropped,
      failure: this.#failure,
    };
  }

  /** Same as {@linkcode VideoRecorder.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

interface Encoding {
  readonly name: string;
  readonly args: readonly string[];
}

async function chooseEncoding(
  path: string,
  { ffmpeg, fps }: RecorderOptions,
): Promise<Encoding> {
  // without -r AVI gets twice the rate, with every other frame empty
  const copy = ["-c:v", "copy", "-r", String(fps)];
  switch (recordingEnding(path)) {
    case "mkv":
    case "avi":
    case "mov":
      return { name: "Motion JPEG, untouched", args: copy };
    case "mp4":
    case "m4v":
      if (await hasEncoder(ffmpeg, "libx264")) {
        return {
          name: "H.264",
          args: [
            ...["-c:v", "libx264", "-preset", "veryfast", "-crf", "20"],
            // H.264 players want even sides and the narrow range
            ...["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2,scale=out_range=tv"],
            ...["-pix_fmt", "yuv420p", "-color_range", "tv"],
            ...["-movflags", "+faststart"],
          ],
        };
      }
      return {
        name:
          "Motion JPEG in MP4, which few players show (this ffmpeg has no H.264 encoder)",
        args: copy,
      };
  }
}

/** What an ffmpeg can encode, by its path: asking takes 50 ms. */
const encoders = new Map<string, Promise<string>>();

async function hasEncoder(ffmpeg: string, name: string): Promise<boolean> {
  const listed = encoders.get(ffmpeg) ?? listEncoders(ffmpeg);
  encoders.set(ffmpeg, listed);
  listed.catch(() => encoders.delete(ffmpeg)); // perhaps it works next time
  return (await listed).includes(` ${name} `);
}

async function listEncoders(ffmpeg: string): Promise<string> {
  await using listing = spawnFfmpeg(ffmpeg, ["-encoders"], {
    stdout: "piped",
  });
  const text = await new Response(listing.stdout).text();
  await listing.exit;
  return text;
}
