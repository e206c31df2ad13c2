/**
 * A live stream that can be watched: one decode however many watch.
 *
 * It runs from the first viewer to a while after the last. All viewers share
 * packets and numbers; the newest frame is kept, so that whoever comes sees a
 * picture at once.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import {
  type FrameSource,
  paceFrames,
  type VideoFrame,
} from "../../media/mod.ts";
import { nowMicros, sleepUntil } from "../../net/mod.ts";
import { serialDistance } from "../../bytes/mod.ts";
import type { RtspMedia } from "../../rtsp/mod.ts";
import { remedyFor } from "./converter.ts";
import { describeStream } from "./describe.ts";
import {
  type PackedFrame,
  packFrame,
  UnfitFrameError,
} from "./packed_frame.ts";
import type {
  FrameSink,
  MediaState,
  Playback,
  PlayStart,
  Refusal,
  ServedMedia,
} from "./playback.ts";
import { TICKS_PER_SECOND } from "./playback.ts";
import type { StreamKeys } from "./stream_keys.ts";

/** A source without viewers goes on for so long: players come back, and ask before they set up. */
export const GRACE_MS = 10_000;
/** Who asks for a source that gives no picture hears so after this long. */
export const PREPARE_TIMEOUT_MS = 5000;
/** First wait before a source that failed is opened again; doubles up to the longest. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;

/** How the source is to be opened for RTP to carry it. */
export interface Remedy {
  readonly recode: true;
  readonly size?: { readonly width: number; readonly height: number };
}

/** What a live stream is served with. */
export interface LiveMediaOptions {
  /** Path of the stream. */
  readonly path: string;
  /** Its name for people, without credentials. */
  readonly label: string;
  /** Our address, for the description. */
  readonly address: string;
  /** Opens the source; called again after a fault. */
  readonly openSource: (
    signal: AbortSignal,
    remedy: Remedy | undefined,
  ) => Promise<FrameSource>;
  /** Whether what has an end starts over there. */
  readonly loop: boolean;
  /** Whether it runs without viewers too, and only once: standard input cannot be opened again. */
  readonly once: boolean;
  readonly log: Logger;
  /** 32 random bits. */
  readonly random32: () => number;
  /** What SRTP is encrypted with; `undefined` where it is not offered. */
  readonly keys: StreamKeys | undefined;
}

/** The hub of one live source. */
export class LiveMedia implements ServedMedia {
  readonly kind = "live";
  /** Source of the shared packets. */
  readonly ssrc: number;
  readonly #options: LiveMediaOptions;
  readonly #holders = new Set<object>();
  readonly #viewers = new Set<FrameSink>();
  readonly #firstFrame = new Set<() => void>();
  #run: { stop: AbortController; done: Promise<void> } | undefined;
  #grace: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #over = false;
  #rtsp: RtspMedia | undefined;
  #source: { fps: number; width: number; height: number } | undefined;
  #last: PackedFrame | undefined;
  #problem: string | undefined;
  #sequence: number;
  readonly #epoch = performance.now();
  readonly #epochTimestamp: number;

  /** Does nothing before somebody asks for it, unless it runs once. */
  constructor(options: LiveMediaOptions) {
    this.#options = options;
    this.ssrc = options.random32();
    this.#sequence = options.random32() & 0xffff;
    this.#epochTimestamp = options.random32();
    if (options.once) this.#wake();
  }

  /** What RTSP says of it; `undefined` while it gives no picture. */
  get rtsp(): RtspMedia | undefined {
    return this.#last === undefined ? undefined : this.#rtsp;
  }

  /** The newest frame; `undefined` while it does not run. */
  get last(): PackedFrame | undefined {
    return this.#last;
  }

  /** Starts the source, and waits for its first picture. */
  async prepare(): Promise<Refusal | undefined> {
    const asking = {};
    this.#holders.add(asking);
    this.#wake();
    if (this.#last === undefined && !this.#over) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, PREPARE_TIMEOUT_MS);
      this.#firstFrame.add(resolve);
      await promise;
      clearTimeout(timer);
      this.#firstFrame.delete(resolve);
    }
    this.#holders.delete(asking);
    this.#rest();
    if (this.#last !== undefined) return undefined;
    return {
      status: this.#over ? 404 : 503,
      reason: this.#over ? "The stream is over" : "The source gives no picture",
    };
  }

  /** See {@linkcode ServedMedia.open}; keeps the source running. */
  open(sink: FrameSink): Playback {
    const playback: Playback = {
      position: undefined,
      ssrc: this.ssrc,
      begin: () => {
        this.#viewers.delete(sink);
        this.#wake();
        return this.#begin();
      },
      start: () => {
        this.#viewers.add(sink);
        const last = this.#last;
        if (last !== undefined) sink.frame(last, last.numbers.timestamp);
      },
      pause: () => {
        this.#viewers.delete(sink);
      },
      close: () => {
        this.#viewers.delete(sink);
        this.#holders.delete(playback);
        this.#rest();
      },
    };
    this.#holders.add(playback);
    this.#wake();
    return playback;
  }

  #begin(): PlayStart {
    return {
      from: "now",
      to: undefined,
      scale: 1,
      speed: 1,
      timestamp: this.#last?.numbers.timestamp,
      sequence: this.#last?.numbers.sequence ?? this.#sequence,
    };
  }

  /** How it is. */
  state(): MediaState {
    const { fps = 0, width = 0, height = 0 } = this.#source ?? {};
    return {
      state: this.#over
        ? "failed"
        : this.#problem !== undefined
        ? "retrying"
        : this.#last !== undefined
        ? "ready"
        : this.#run !== undefined
        ? "preparing"
        : "idle",
      problem: this.#over ? "the stream is over" : this.#problem,
      fps,
      width,
      height,
      duration: undefined,
    };
  }

  /** Ends the source. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#grace);
    await this.#stop();
    // Who still waits for a picture need not wait his time out.
    for (const wake of this.#firstFrame) wake();
    this.#firstFrame.clear();
  }

  /** Ends the source for good: who watches is told. */
  async end(): Promise<void> {
    await this.close();
    this.#finish();
    this.#over = true;
  }

  /** Starts the source when it does not run. */
  #wake(): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    if (this.#run !== undefined || this.#closed || this.#over) return;
    const stop = new AbortController();
    const done = this.#runUntil(stop.signal);
    this.#run = { stop, done };
  }

  /** Without viewers the source stops after a while. */
  #rest(): void {
    if (this.#holders.size > 0 || this.#options.once || this.#closed) return;
    clearTimeout(this.#grace);
    this.#grace = setTimeout(() => void this.#stop(), GRACE_MS);
  }

  async #stop(): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    run.stop.abort();
    await run.done;
    if (this.#run !== run) return;
    this.#run = undefined;
    this.#last = undefined;
    this.#problem = undefined;
    if (this.#holders.size > 0) this.#wake(); // somebody came meanwhile
  }

  async #runUntil(signal: AbortSignal): Promise<void> {
    const { label, log, loop, once } = this.#options;
    let wait = FIRST_RETRY_MS;
    let remedy: Remedy | undefined;
    while (!signal.aborted) {
      const before = this.#sequence;
      try {
        await using source = await this.#options.openSource(signal, remedy);
        await this.#play(source, signal);
        if (signal.aborted) return;
        if (once || (!source.live && !loop)) return this.#finish();
        if (!source.live) continue;
        throw new Error(`Cannot read "${source.label}" any more: it ended`);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof UnfitFrameError && remedy === undefined) {
          log.info(`"${label}" is encoded anew: ${error.message}`);
          remedy = remedyFor(error, this.#source ?? { width: 0, height: 0 });
          if (remedy !== undefined) continue;
        }
        const message = error instanceof Error ? error.message : String(error);
        if (message !== this.#problem) log.warn(`${message}. Trying again`);
        this.#problem = message;
        if (once) return this.#finish();
      }
      if (this.#sequence !== before) wait = FIRST_RETRY_MS;
      await sleepUntil(nowMicros() + wait * 1000, signal);
      wait = Math.min(wait * 2, LONGEST_RETRY_MS);
    }
  }

  async #play(source: FrameSource, signal: AbortSignal): Promise<void> {
    const { fps, width, height } = source;
    this.#source = { fps, width, height };
    const frames = source.live
      ? source.frames()
      : paceFrames(source.frames(), { fps, signal });
    const start = this.#ticksNow();
    for await (const frame of frames) {
      if (signal.aborted) return;
      this.#publish(frame, start);
    }
  }

  #publish({ bytes, time }: VideoFrame, start: number): void {
    const timestamp = (start + Math.round(time * TICKS_PER_SECOND / 1e6)) >>>
      0;
    const { ssrc } = this;
    let frame: PackedFrame;
    try {
      frame = packFrame(bytes, { sequence: this.#sequence, timestamp, ssrc });
    } catch (error) {
      if (error instanceof UnfitFrameError && error.reason === "damaged") {
        this.#options.log.debug(error.message);
        return;
      }
      throw error;
    }
    if (this.#rtsp === undefined || this.#problem !== undefined) {
      this.#describe();
      this.#problem = undefined;
    }
    this.#sequence = (this.#sequence + frame.run.count) & 0xffff;
    this.#last = frame;
    for (const viewer of this.#viewers) viewer.frame(frame, timestamp);
    for (const wake of this.#firstFrame) wake();
    this.#firstFrame.clear();
  }

  /** The clock goes on while the source is away, and never back. */
  #ticksNow(): number {
    const elapsed = (performance.now() - this.#epoch) / 1000;
    const now =
      (this.#epochTimestamp + Math.round(elapsed * TICKS_PER_SECOND)) >>> 0;
    const last = this.#last?.numbers.timestamp;
    return last !== undefined && serialDistance(now, last, 32) <= 0
      ? (last + 1) >>> 0
      : now;
  }

  #describe(): void {
    const { path, label, address, keys } = this.#options;
    const { fps, width, height } = this.#source!;
    this.#rtsp = describeStream({
      path,
      address,
      ...(keys === undefined ? {} : { mikey: keys.mikey(Date.now()) }),
      name: label,
      frameRate: fps,
      width,
      height,
    });
  }

  /** The source has ended for good, or until somebody asks again. */
  #finish(): void {
    this.#over = this.#options.once;
    for (const viewer of [...this.#viewers]) viewer.ended();
    this.#viewers.clear();
    for (const wake of this.#firstFrame) wake();
    this.#last = undefined;
    this.#run = undefined;
  }
}
