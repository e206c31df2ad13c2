/**
 * Where a player's frames go besides the page: a folder, a recording, a pipe.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import {
  checkRecording,
  DEFAULT_MJPEG_FPS,
  ensureFfmpeg,
  FrameFolder,
  VideoRecorder,
} from "../../media/mod.ts";
import type { RtspPlayerOptions } from "./options.ts";
import type { PlayerFrame } from "./received_frame.ts";

/** Frames whose times are looked at where the server states no rate. */
const RATE_FRAMES = 12;

/** Rates that videos are made at; what is this near to one is that one. */
const COMMON_RATES = [5, 10, 12, 12.5, 15, 20, 24, 25, 30, 48, 50, 60];
const RATE_TOLERANCE = 0.03;

/** Frames that wait for the pipe: two seconds of video. */
const MAX_PIPED_FRAMES = 48;

/** Copies of the last picture for one gap in the pipe, at most: ten seconds. */
const MAX_CONCEALED = 240;

/** Saves, records and pipes, in the background. */
export class PlayerOutputs {
  readonly #folder: FrameFolder | undefined;
  readonly #record: { path: string; ffmpeg: string } | undefined;
  readonly #write: RtspPlayerOptions["write"];
  readonly #log: Logger;
  #rate: number | undefined;
  #early: PlayerFrame[] = [];
  #recorder: Promise<VideoRecorder | undefined> | undefined;
  #recording: Promise<void> = Promise.resolve();
  #piping: Promise<void> = Promise.resolve();
  #piped: Uint8Array | undefined;
  #waiting = 0;
  #pipeDropped = 0;

  private constructor(
    folder: FrameFolder | undefined,
    record: { path: string; ffmpeg: string } | undefined,
    write: RtspPlayerOptions["write"],
    log: Logger,
  ) {
    this.#folder = folder;
    this.#record = record;
    this.#write = write;
    this.#log = log;
  }

  /**
   * Makes the folder, and looks for ffmpeg where it is needed.
   *
   * @throws {MediaError} when a place cannot be written to.
   * @throws {MissingProgramError} when recording needs ffmpeg and there is none.
   */
  static async open(
    options: RtspPlayerOptions,
    log: Logger,
  ): Promise<PlayerOutputs> {
    const { saveDir, keep, record, ffmpeg, write } = options;
    let recording: { path: string; ffmpeg: string } | undefined;
    if (record !== undefined) {
      await checkRecording(record);
      const { path } = await ensureFfmpeg({ flag: ffmpeg, log });
      recording = { path: record, ffmpeg: path };
    }
    const folder = saveDir === undefined
      ? undefined
      : await FrameFolder.open(saveDir, { keep, log });
    folder?.startStream();
    return new PlayerOutputs(folder, recording, write, log);
  }

  /** Frames on disk. */
  get framesSaved(): number {
    return this.#folder?.stats.saved ?? 0;
  }

  /** Frames that neither disk nor pipe took. */
  get framesNotSaved(): number {
    const { failed = 0, dropped = 0 } = this.#folder?.stats ?? {};
    return failed + dropped + this.#pipeDropped;
  }

  /** The server says how many frames a second there are. */
  announceRate(fps: number): void {
    this.#rate = fps;
  }

  /** Whether there is anything to write to. */
  get wanted(): boolean {
    return this.#folder !== undefined || this.#record !== undefined ||
      this.#write !== undefined;
  }

  /** Takes a frame under its number in all; nothing waits for it. */
  write(received: PlayerFrame, number: number): void {
    const { jpeg, lostBefore, mediaTime, width, height } = received;
    const frame = { jpeg, lostBefore, mediaTime, width, height, number };
    this.#folder?.save(frame.number, frame.jpeg);
    if (this.#record !== undefined) this.#recordFrame(frame);
    if (this.#write !== undefined) this.#pipe(frame);
  }

  /** Everything that was taken is where it belongs then. */
  async close(): Promise<void> {
    if (this.#record !== undefined && this.#recorder === undefined) {
      this.#startRecording();
    }
    await this.#recording;
    await (await this.#recorder)?.close();
    await this.#piping;
    await this.#folder?.close();
  }

  #recordFrame(frame: PlayerFrame): void {
    if (this.#recorder === undefined) {
      this.#early.push(frame);
      if (this.#rate === undefined && this.#early.length < RATE_FRAMES) return;
      this.#startRecording();
      return;
    }
    this.#recording = this.#recording
      .then(() => this.#recorder)
      .then((recorder) => recorder?.write(asVideoFrame(frame)));
  }

  #startRecording(): void {
    const early = this.#early.splice(0);
    if (early.length === 0) return;
    this.#recorder = this.#openRecorder(this.#rate ?? measuredRate(early));
    this.#recording = this.#recorder.then((recorder) => {
      for (const frame of early) recorder?.write(asVideoFrame(frame));
    });
  }

  async #openRecorder(fps: number): Promise<VideoRecorder | undefined> {
    const { path, ffmpeg } = this.#record!;
    try {
      return await VideoRecorder.open(path, { ffmpeg, fps, log: this.#log });
    } catch (error) {
      this.#log.error((error as Error).message);
      return undefined;
    }
  }

  #pipe({ jpeg, lostBefore }: PlayerFrame): void {
    const previous = this.#piped;
    this.#piped = jpeg;
    // What was lost is shown as the picture before it, so that time stays right.
    for (let i = Math.min(lostBefore, MAX_CONCEALED); i > 0 && previous; i--) {
      this.#pipeOne(previous);
    }
    this.#pipeOne(jpeg);
  }

  #pipeOne(jpeg: Uint8Array): void {
    if (this.#waiting >= MAX_PIPED_FRAMES) {
      this.#pipeDropped++;
      return;
    }
    this.#waiting++;
    this.#piping = this.#piping
      .then(() => this.#write!(jpeg))
      .catch(() => {}) // the reader is gone: the command ends by itself
      .finally(() => this.#waiting--);
  }
}

function asVideoFrame(
  { jpeg, mediaTime }: PlayerFrame,
): { bytes: Uint8Array; time: number } {
  return { bytes: jpeg, time: Math.round(mediaTime * 1e6) };
}

/** Frames a second by the frames' times; lost ones are counted in their numbers. */
function measuredRate(frames: readonly PlayerFrame[]): number {
  const first = frames[0]!;
  const last = frames.at(-1)!;
  const seconds = last.mediaTime - first.mediaTime;
  if (!(seconds > 0)) return DEFAULT_MJPEG_FPS;
  const rate = (last.number - first.number) / seconds;
  return COMMON_RATES.find((one) =>
    Math.abs(one - rate) <= one * RATE_TOLERANCE
  ) ?? Math.min(240, Math.max(1, Math.round(rate * 1000) / 1000));
}
