/**
 * Plays the source to the chain: one stream at a time, at the source's rate.
 *
 * @module
 */

import { RateMeter } from "../../chain/mod.ts";
import {
  type FrameSource,
  openSource,
  paceFrames,
  type VideoFrame,
} from "../../media/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { nowMicros, sleepUntil } from "../../net/mod.ts";
import { type FrameSender, newStreamId } from "../chain/frame_sender.ts";
import type { ChainCoordinatorOptions } from "./options.ts";

/** What the player tells about the current stream, or the last one. */
export interface StreamFigures {
  /** Id of the stream, 0 before the first. */
  readonly streamId: number;
  /** Frames sent, also the number that the next one gets. */
  readonly framesSent: number;
  /** Payload bytes sent. */
  readonly bytesSent: number;
  /** Frames that the source will have, when known. */
  readonly totalFrames: number | null;
  /** Target frame rate, 0 before the first stream. */
  readonly targetFps: number;
  /** Picture size in pixels. */
  readonly width: number;
  /** Picture size in pixels. */
  readonly height: number;
  /** Seconds since the start, or that the stream took. */
  readonly elapsedSeconds: number;
}

/** Hears of frames and ends. */
export interface StreamListener {
  /** A frame is about to be sent. */
  frame(frame: VideoFrame, number: number): void;
  /** A stream began. */
  started(streamId: number, source: FrameSource): void;
  /** A stream ended; `error` when it broke. */
  ended(streamId: number, frames: number, error: unknown): void;
}

/** Plays streams, one after another. */
export class StreamPlayer {
  readonly rate = new RateMeter();
  readonly #options: ChainCoordinatorOptions;
  readonly #sender: FrameSender;
  readonly #listener: StreamListener;
  readonly #log: Logger;
  #stop: AbortController | undefined;
  #playing: Promise<void> = Promise.resolve();
  #streamId = 0;
  #framesSent = 0;
  #bytesSent = 0;
  #source: FrameSource | undefined;
  #startedUs = 0;
  #endedUs = 0;

  /** Plays `options.source` through `sender`. */
  constructor(
    options: ChainCoordinatorOptions,
    sender: FrameSender,
    listener: StreamListener,
    log: Logger,
  ) {
    this.#options = options;
    this.#sender = sender;
    this.#listener = listener;
    this.#log = log;
  }

  /** Whether a stream runs. */
  get playing(): boolean {
    return this.#stop !== undefined;
  }

  /** The current stream's figures, or the last one's. */
  figures(): StreamFigures {
    const until = this.playing ? nowMicros() : this.#endedUs;
    return {
      streamId: this.#streamId,
      framesSent: this.#framesSent,
      bytesSent: this.#bytesSent,
      totalFrames: this.#source?.totalFrames ?? null,
      targetFps: this.#source?.fps ?? 0,
      width: this.#source?.width ?? 0,
      height: this.#source?.height ?? 0,
      elapsedSeconds: this.#startedUs === 0
        ? 0
        : (until - this.#startedUs) / 1e6,
    };
  }

  /** Starts a stream; nothing happens when one runs. */
  start(): void {
    if (this.playing) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#playing = this.#run(stop.signal).finally(() => {
      this.#stop = undefined;
    });
  }

  /** Ends the running stream and waits until its end was sent. */
  async stop(): Promise<void> {
    this.#stop?.abort();
    await this.#playing;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const streamId = newStreamId();
    let failure: unknown;
    let begun = false;
    try {
      const { source: spec, fps, quality, loop, durationMs, ffmpeg } =
        this.#options;
      await using source = await openSource(spec, {
        fps,
        quality,
        loop,
        duration: durationMs === undefined ? undefined : durationMs / 1000,
        ffmpeg,
        log: this.#log,
        signal,
      });
      begun = true;
      this.#source = source;
      this.#streamId = streamId;
      this.#framesSent = 0;
      this.#bytesSent = 0;
      this.#startedUs = nowMicros();
      this.#sender.beginStream(streamId);
      this.#listener.started(streamId, source);
      await this.#sendAll(source, signal);
    } catch (error) {
      if (!signal.aborted) failure = error;
    }
    this.#endedUs = nowMicros();
    if (begun) await this.#sender.sendEnd(this.#framesSent);
    this.#listener.ended(streamId, this.#framesSent, failure);
  }

  async #sendAll(source: FrameSource, signal: AbortSignal): Promise<void> {
    const frameTimeUs = 1e6 / source.fps;
    const paced = paceFrames(source.frames(), {
      fps: source.fps,
      signal,
      now: nowMicros,
      sleepUntil,
    });
    for await (const frame of paced) {
      const number = this.#framesSent;
      this.#listener.frame(frame, number);
      await this.#sender.sendFrame(
        { bytes: frame.bytes, number, dueUs: nowMicros(), frameTimeUs },
        signal,
      );
      if (signal.aborted) return;
      this.#framesSent++;
      this.#bytesSent += frame.bytes.length;
      this.rate.add(nowMicros(), frame.bytes.length);
    }
  }
}
