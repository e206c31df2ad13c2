/**
 * What a peer receives as one video file, stream after stream.
 *
 * @module
 */

import type { RelayFrame } from "../../chain/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { VideoRecorder } from "../../media/mod.ts";
import { nowMicros } from "../../net/mod.ts";
import { RecordingTimeline } from "./recording_timeline.ts";

/** Rate of a recording when the coordinator does not say the stream's: an existing one. */
const ASSUMED_FPS = 30;
/** The coordinator's word of the rate may come a moment after the first frames. */
const RATE_PATIENCE_MS = 500;
/** Frames that wait for that, and for ffmpeg to start: a second of them. */
const MAX_WAITING = 64;

/** Where to record, and with what. */
export interface RecordingOptions {
  /** The file; its ending says the kind. */
  readonly path: string;
  /** Path of ffmpeg. */
  readonly ffmpeg: string;
  readonly log: Logger;
}

type Event =
  | { readonly type: "begin" }
  | {
    readonly type: "frame";
    readonly number: number;
    readonly sentUs: number;
    readonly bytes: Uint8Array;
  }
  | { readonly type: "end"; readonly frames: number };

/** Records in the background; the file is opened with the first frame. */
export class StreamRecording {
  readonly #options: RecordingOptions;
  readonly #rate = Promise.withResolvers<number>();
  #opening: Promise<void> | undefined;
  /** `null` when it could not be opened. */
  #recorder: VideoRecorder | null | undefined;
  #timeline: RecordingTimeline | undefined;
  #waiting: Event[] = [];
  #announced: number | undefined;
  #newest: Uint8Array | undefined;
  #written = 0;
  #tickUs = 0;

  /** Writes nothing before the first frame. */
  constructor(options: RecordingOptions) {
    this.#options = options;
  }

  /** The coordinator says how many frames a second its stream has. */
  announceRate(fps: number): void {
    this.#announced = fps;
    this.#rate.resolve(fps);
    this.#timeline?.announceRate(fps);
  }

  /** A stream begins. */
  beginStream(): void {
    this.#take({ type: "begin" });
  }

  /** The stream is over after so many frames. */
  endStream(frames: number): void {
    this.#take({ type: "end", frames });
  }

  /** Takes a frame; copies it. */
  write(frame: RelayFrame): void {
    this.#opening ??= this.#open();
    this.#take({
      type: "frame",
      number: frame.number,
      // The time of sending, where the wire tells it, knows no jitter of the way.
      sentUs: frame.originTimeUs || nowMicros(),
      bytes: frame.jpeg.bytes.slice(),
    });
  }

  /** Finishes the file. */
  async close(): Promise<void> {
    this.#rate.resolve(ASSUMED_FPS);
    await this.#opening;
    await this.#recorder?.close();
  }

  async #open(): Promise<void> {
    const { path, ffmpeg, log } = this.#options;
    const patience = setTimeout(
      () => this.#rate.resolve(ASSUMED_FPS),
      RATE_PATIENCE_MS,
    );
    const fps = await this.#rate.promise;
    clearTimeout(patience);
    this.#tickUs = 1e6 / fps;
    this.#timeline = new RecordingTimeline(fps);
    if (this.#announced !== undefined) {
      this.#timeline.announceRate(this.#announced);
    }
    try {
      this.#recorder = await VideoRecorder.open(path, { ffmpeg, fps, log });
    } catch (error) {
      this.#recorder = null;
      log.error(error instanceof Error ? error.message : String(error));
    }
    for (const event of this.#waiting.splice(0)) this.#take(event);
  }

  #take(event: Event): void {
    const recorder = this.#recorder;
    const timeline = this.#timeline;
    if (recorder === null) return;
    if (recorder === undefined || timeline === undefined) {
      this.#waiting.push(event);
      if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    } else if (event.type === "begin") {
      timeline.beginStream();
    } else if (event.type === "end") {
      this.#repeat(recorder, timeline.endStream(event.frames));
    } else {
      const repeats = timeline.place(event.number, event.sentUs);
      if (repeats === undefined) return;
      this.#repeat(recorder, repeats);
      this.#newest = event.bytes;
      this.#repeat(recorder, 1);
    }
  }

  #repeat(recorder: VideoRecorder, times: number): void {
    const bytes = this.#newest;
    if (bytes === undefined) return;
    for (let left = times; left > 0; left--) {
      recorder.write({ bytes, time: this.#written++ * this.#tickUs });
    }
  }
}
