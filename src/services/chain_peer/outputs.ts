/**
 * Where a peer's frames go besides the wire: a folder and a recording.
 *
 * @module
 */

import type { RelayFrame } from "../../chain/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { checkRecording, ensureFfmpeg, FrameFolder } from "../../media/mod.ts";
import type { ChainPeerOptions } from "./options.ts";
import { StreamRecording } from "./stream_recording.ts";

/** Saves and records, in the background. */
export class FrameOutputs {
  readonly #folder: FrameFolder | undefined;
  readonly #recording: StreamRecording | undefined;
  #waiting = 0;

  private constructor(
    folder: FrameFolder | undefined,
    recording: StreamRecording | undefined,
  ) {
    this.#folder = folder;
    this.#recording = recording;
  }

  /**
   * Makes the folder; when there is something to record, tries the place and
   * looks for ffmpeg.
   *
   * @throws {MediaError} when the folder cannot be made or the recording not be written.
   * @throws {MissingProgramError} when recording needs ffmpeg and none is to be had.
   */
  static async open(
    options: ChainPeerOptions,
    log: Logger,
  ): Promise<FrameOutputs> {
    const { framesDir, keep, record } = options;
    let recording: StreamRecording | undefined;
    if (record !== undefined) {
      await checkRecording(record);
      const ffmpeg = await ensureFfmpeg({ flag: options.ffmpeg, log });
      recording = new StreamRecording({
        path: record,
        ffmpeg: ffmpeg.path,
        log,
      });
    }
    const folder = framesDir === undefined
      ? undefined
      : await FrameFolder.open(framesDir, { keep, log });
    return new FrameOutputs(folder, recording);
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

  /** Whether no frame waits for the disk: the figures above are final until one comes. */
  get isDrained(): boolean {
    return this.#waiting === 0;
  }

  /** The coordinator says how many frames a second its stream has. */
  announceRate(fps: number): void {
    this.#recording?.announceRate(fps);
  }

  /** A new stream begins: in the folder it takes the old one's place, in the recording it follows. */
  beginStream(): void {
    this.#folder?.startStream();
    this.#recording?.beginStream();
  }

  /** The stream is over after so many frames. */
  endStream(frames: number): void {
    this.#recording?.endStream(frames);
  }

  /** Takes a frame; holds it until it is on disk. */
  write(frame: RelayFrame): void {
    this.#recording?.write(frame);
    if (this.#folder === undefined) return;
    const { jpeg } = frame;
    const done = (): void => {
      this.#waiting--;
      jpeg.release();
    };
    jpeg.retain();
    this.#waiting++;
    if (!this.#folder.save(frame.number, jpeg.bytes, done)) done();
  }

  /** Waits until everything is on disk and the recording is whole. */
  async close(): Promise<void> {
    await this.#folder?.close();
    await this.#recording?.close();
  }
}
