/**
 * A file that can be watched: every viewer at a position of its own.
 *
 * @module
 */

import {
  DEFAULT_MJPEG_FPS,
  indexMjpegFile,
  MediaError,
  MissingProgramError,
} from "../../media/mod.ts";
import type { RtspMedia } from "../../rtsp/mod.ts";
import { convertFilm, type SourceOptions } from "./converter.ts";
import { describeStream } from "./describe.ts";
import { FilePlayback } from "./file_playback.ts";
import type { FrameCache } from "./frame_cache.ts";
import type { FrameClock } from "./frame_clock.ts";
import { FrameStore } from "./frame_store.ts";
import { packFrame, UnfitFrameError } from "./packed_frame.ts";
import type {
  FrameSink,
  MediaState,
  Playback,
  Refusal,
  ServedMedia,
} from "./playback.ts";
import type { StreamKeys } from "./stream_keys.ts";

/** Files are indexed whole up to this size; 1 GB of bare JPEGs takes about 0.8 s. */
const MAX_INDEXED_BYTES = 16 * 1024 ** 3;
/** A file that could not be opened is not tried again sooner, however many ask. */
const RETRY_MS = 2000;

/** What a file is served with. */
export interface FileMediaOptions extends SourceOptions {
  /** The file. */
  readonly file: string;
  /** Path of its stream. */
  readonly path: string;
  /** Our address, for the description. */
  readonly address: string;
  readonly loop: boolean;
  readonly cache: FrameCache;
  readonly clock: FrameClock;
  /** 32 random bits. */
  readonly random32: () => number;
  /** What SRTP is encrypted with; `undefined` where it is not offered. */
  readonly keys: StreamKeys | undefined;
}

/** An opened file. */
interface Opened {
  readonly store: FrameStore;
  readonly fps: number;
  readonly width: number;
  readonly height: number;
  readonly expected: number | undefined;
}

/** Indexes or converts its file once, when somebody asks for it first. */
export class FileMedia implements ServedMedia {
  readonly kind = "file";
  readonly #options: FileMediaOptions;
  readonly #stop = new AbortController();
  #opened: Opened | undefined;
  #rtsp: RtspMedia | undefined;
  #opening: Promise<Refusal | undefined> | undefined;
  #finished: Promise<void> = Promise.resolve();
  #refusal: (Refusal & { until: number }) | undefined;
  #closed = false;

  /** Does nothing before `prepare`. */
  constructor(options: FileMediaOptions) {
    this.#options = options;
  }

  /** What RTSP says of it; `undefined` until it is opened. */
  get rtsp(): RtspMedia | undefined {
    return this.#rtsp;
  }

  /** Indexes or converts the file. */
  prepare(): Promise<Refusal | undefined> {
    if (this.#rtsp !== undefined) return Promise.resolve(undefined);
    const refusal = this.#refusal;
    if (refusal !== undefined && performance.now() < refusal.until) {
      return Promise.resolve(refusal);
    }
    return this.#opening ??= this.#prepare().finally(() =>
      this.#opening = undefined
    );
  }

  async #prepare(): Promise<Refusal | undefined> {
    try {
      const opened = await this.#open();
      if (this.#closed) {
        await opened.store.close();
        return { status: 503, reason: "Shutting down" };
      }
      this.#opened = opened;
      this.#describe();
      void this.#finished.then(() => this.#describe());
      this.#refusal = undefined;
      return undefined;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#options.log.error(message);
      this.#refusal = {
        ...refusalOf(error),
        until: performance.now() + RETRY_MS,
      };
      return this.#refusal;
    }
  }

  async #open(): Promise<Opened> {
    const { file, log, fps = DEFAULT_MJPEG_FPS } = this.#options;
    const signal = AbortSignal.any([this.#options.signal, this.#stop.signal]);
    const index = await indexMjpegFile(file, {
      log,
      signal,
      maxBytes: MAX_INDEXED_BYTES,
    });
    if (index !== undefined) {
      const store = new FrameStore(await Deno.open(file), index.spans, true);
      try {
        packFrame(await store.read(0) ?? new Uint8Array(0));
        const { width, height } = index;
        return { store, fps, width, height, expected: store.count };
      } catch (error) {
        await store.close();
        if (!(error instanceof UnfitFrameError)) throw error;
        log.info(`"${file}" is converted: ${error.message}`);
      }
    }
    const conversion = await convertFilm({ ...this.#options, signal });
    this.#finished = conversion.finished;
    return conversion;
  }

  #describe(): void {
    if (this.#opened === undefined) return;
    const { path, address, file, keys } = this.#options;
    const { fps, width, height } = this.#opened;
    const duration = this.#duration();
    this.#rtsp = describeStream({
      path,
      address,
      ...(keys === undefined ? {} : { mikey: keys.mikey(Date.now()) }),
      name: file.split(/[\\/]/).at(-1) ?? file,
      frameRate: fps,
      width,
      height,
      ...(duration === undefined ? {} : { duration }),
    });
  }

  #duration(): number | undefined {
    if (this.#opened === undefined || this.#options.loop) return undefined;
    const { store, fps, expected } = this.#opened;
    const frames = store.complete ? store.count : expected;
    return frames === undefined ? undefined : frames / fps;
  }

  /** See {@linkcode ServedMedia.open}; only after `prepare`. */
  open(sink: FrameSink, options: { repeat?: boolean } = {}): Playback {
    if (this.#opened === undefined) {
      throw new TypeError(`Cannot play "${this.#options.file}": not prepared`);
    }
    const { cache, clock, loop, random32 } = this.#options;
    const { store, fps } = this.#opened;
    return new FilePlayback({
      store,
      fps,
      cache,
      clock,
      sink,
      repeat: options.repeat ?? loop,
      timestamp: random32(),
    });
  }

  /** How it is. */
  state(): MediaState {
    const { fps = 0, width = 0, height = 0 } = this.#opened ?? {};
    return {
      state: this.#opened !== undefined
        ? "ready"
        : this.#opening !== undefined
        ? "preparing"
        : this.#refusal !== undefined
        ? "failed"
        : "idle",
      problem: this.#opened === undefined ? this.#refusal?.reason : undefined,
      fps,
      width,
      height,
      duration: this.#duration(),
    };
  }

  /** Ends a conversion under way and closes the file. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stop.abort();
    await this.#opening;
    await this.#finished;
    if (this.#opened === undefined) return;
    this.#options.cache.forget(this.#opened.store);
    await this.#opened.store.close();
  }
}

/** How RTSP says that a file cannot be played. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof MissingProgramError) {
    return { status: 503, reason: "The server has no ffmpeg" };
  }
  if (error instanceof MediaError && error.code === "not_found") {
    return { status: 404, reason: "Not Found" };
  }
  return { status: 415, reason: "Not a video that can be read" };
}
