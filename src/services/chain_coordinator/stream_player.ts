/**
 * Plays the source to the chain: one stream at a time, at the source's rate.
 *
 * @module
 */

import { type ChainSnapshot, RateMeter } from "../../chain/mod.ts";
import {
  type FrameSource,
  paceFrames,
  type VideoFrame,
} from "../../media/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { nowMicros, sleepUntil } from "../../net/mod.ts";
import { openAnySource } from "../source/mod.ts";
import { newStreamId } from "../chain/frame_sender.ts";
import type { FanSender } from "./fan_sender.ts";
import type { ChainCoordinatorOptions } from "./options.ts";

/** The stream's part of what the page shows. */
export type StreamSnapshot = Pick<
  ChainSnapshot,
  | "streamId"
  | "frameNumber"
  | "framesSent"
  | "totalFrames"
  | "bytesSent"
  | "targetFps"
  | "fps"
  | "kbps"
  | "width"
  | "height"
  | "elapsedSeconds"
>;

/** Hears of frames and ends. */
export interface StreamListener {
  /** Resolves when the chain is ready for the first frame, or as ready as it gets. */
  ready(signal: AbortSignal): Promise<void>;
  /** Whether the next frame is to be sent, or left out for want of room. */
  takes(nowUs: number): boolean;
  /** A picture's bytes as they are to be sent. */
  fit(bytes: Uint8Array): Uint8Array;
  /** A frame is about to be sent. */
  frame(frame: VideoFrame, number: number): void;
  /** A stream began. */
  started(streamId: number, source: FrameSource): void;
  /** A stream that began ended; `error` when it broke. */
  ended(streamId: number, frames: number, error: unknown): void;
  /** A stream did not begin; `error` when the source could not be opened. */
  failed(error: unknown): void;
}

/** Plays streams, one after another. */
export class StreamPlayer {
  readonly #options: ChainCoordinatorOptions;
  readonly #sender: FanSender;
  readonly #listener: StreamListener;
  readonly #log: Logger;
  readonly #rate = new RateMeter();
  #stop: AbortController | undefined;
  #playing: Promise<void> = Promise.resolve();
  #begun = false;
  #streamId = 0;
  #framesSent = 0;
  #bytesSent = 0;
  #source: FrameSource | undefined;
  #startedUs = 0;
  #endedUs = 0;

  /** Plays `options.source` through `sender`. */
  constructor(
    options: ChainCoordinatorOptions,
    sender: FanSender,
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

  /** The stream that is being sent; `undefined` before its first frame and after its end. */
  get current():
    | { readonly streamId: number; readonly fps: number }
    | undefined {
    if (!this.#begun || this.#source === undefined) return undefined;
    return { streamId: this.#streamId, fps: this.#source.fps };
  }

  /** The current stream's figures, or the last one's. */
  snapshot(): StreamSnapshot {
    const now = nowMicros();
    const until = this.playing ? now : this.#endedUs;
    return {
      streamId: this.#streamId,
      frameNumber: this.#framesSent - 1,
      framesSent: this.#framesSent,
      totalFrames: this.#source?.totalFrames ?? null,
      bytesSent: this.#bytesSent,
      targetFps: this.#source?.fps ?? 0,
      fps: this.#rate.fps(now),
      kbps: this.#rate.kbps(now),
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
    try {
      const { source: spec, fps, quality, loop, durationMs, ffmpeg } =
        this.#options;
      await using source = await openAnySource(spec, {
        fps,
        quality,
        loop,
        duration: durationMs === undefined ? undefined : durationMs / 1000,
        ffmpeg,
        log: this.#log,
        signal,
      });
      await this.#listener.ready(signal);
      signal.throwIfAborted();
      this.#begun = true;
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
    if (!this.#begun) return this.#listener.failed(failure);
    this.#begun = false;
    await this.#sender.sendEnd(this.#framesSent);
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
    for await (const { bytes: original, time } of paced) {
      if (!this.#listener.takes(nowMicros())) continue;
      const frame = { bytes: this.#listener.fit(original), time };
      const number = this.#framesSent;
      this.#listener.frame(frame, number);
      await this.#sender.sendFrame(
        { bytes: frame.bytes, number, dueUs: nowMicros(), frameTimeUs },
        signal,
      );
      if (signal.aborted) return;
      this.#framesSent++;
      this.#bytesSent += frame.bytes.length;
      this.#rate.add(nowMicros(), frame.bytes.length);
    }
  }
}
