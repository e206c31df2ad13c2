/**
 * Where a peer's frames go besides the wire: a folder and a recording.
 *
 * @module
 */

import type { RelayFrame } from "../../chain/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { ensureFfmpeg, FrameFolder, VideoRecorder } from "../../media/mod.ts";
import { nowMicros } from "../../net/mod.ts";
import type { ChainPeerOptions } from "./options.ts";

/** Rate of a recording when the coordinator does not say the stream's. */
const ASSUMED_FPS = 30;

/** Saves and records, in the background. */
export class FrameOutputs {
  readonly #folder: FrameFolder | undefined;
  readonly #recordTo: { path: string; ffmpeg: string; log: Logger } | undefined;
  #recorder: Promise<VideoRecorder | undefined> | undefined;
  #fps = ASSUMED_FPS;

  private constructor(
    folder: FrameFolder | undefined,
    recordTo: { path: string; ffmpeg: string; log: Logger } | undefined,
  ) {
    this.#folder = folder;
    this.#recordTo = recordTo;
  }

  /**
   * Makes the folder, and looks for ffmpeg when there is something to record.
   *
   * @throws {MediaError} when the folder cannot be made.
   * @throws {MissingProgramError} when recording needs ffmpeg and none is to be had.
   */
  static async open(
    options: ChainPeerOptions,
    log: Logger,
  ): Promise<FrameOutputs> {
    const { framesDir, keep, record, ffmpeg } = options;
    const recordTo = record === undefined ? undefined : {
      path: record,
      ffmpeg: (await ensureFfmpeg({ flag: ffmpeg, log })).path,
      log,
    };
    const folder = framesDir === undefined
      ? undefined
      : await FrameFolder.open(framesDir, { keep, log });
    return new FrameOutputs(folder, recordTo);
  }

  /** Frames written to disk in all streams. */
  get framesSaved(): number {
    return this.#folder?.stats.saved ?? 0;
  }

  /** Frames that the disk did not take. */
  get framesNotSaved(): number {
    const stats = this.#folder?.stats;
    return stats === undefined ? 0 : stats.failed + stats.dropped;
  }

  /** The coordinator says how many frames a second its stream has. */
  announceRate(fps: number): void {
    this.#fps = fps;
  }

  /** A new stream begins: its frames take the place of the old one's. */
  beginStream(): void {
    this.#folder?.startStream();
  }

  /** Takes a frame; holds it until it is on disk. */
  write(frame: RelayFrame): void {
    if (this.#folder !== undefined) {
      frame.jpeg.retain();
      const { jpeg } = frame;
      const taken = this.#folder.save(
        frame.number,
        jpeg.bytes,
        () => jpeg.release(),
      );
      if (!taken) jpeg.release();
    }
    if (this.#recordTo !== undefined) {
      this.#recorder ??= this.#openRecorder(this.#recordTo);
      const time = nowMicros();
      // The recorder keeps pictures to fill gaps with, so it gets its own.
      const bytes = frame.jpeg.bytes.slice();
      this.#recorder.then((recorder) => recorder?.write({ bytes, time }));
    }
  }

  async #openRecorder(
    { path, ffmpeg, log }: { path: string; ffmpeg: string; log: Logger },
  ): Promise<VideoRecorder | undefined> {
    try {
      return await VideoRecorder.open(path, { ffmpeg, fps: this.#fps, log });
    } catch (error) {
      log.error(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** Waits until everything is on disk and the recording is whole. */
  async close(): Promise<void> {
    await this.#folder?.close();
    await (await this.#recorder)?.close();
  }
}
