/**
 * A live source for a watch party. A film of the party is a file whose size
 * and hashes are signed, and a live source has no end; so each few seconds of
 * it become a film, which takes the place of the one before. The room is so
 * far behind the source as a segment is long, and what it takes to finish and
 * to send it.
 *
 * @module
 */

import { join } from "node:path";
import type { Logger } from "../../log/mod.ts";
import {
  ensureFfmpeg,
  type FrameSource,
  MediaError,
  paceFrames,
  type SourceSpec,
  VideoRecorder,
} from "../../media/mod.ts";
import { nowMicros, sleepUntil, whenAborted } from "../../net/mod.ts";
import type { ServiceContext } from "../context.ts";
import { openAnySource } from "../source/mod.ts";
import {
  type ShareHost,
  type ShareHostOptions,
  startShareHost,
} from "./host.ts";

/** Shortest segment, ms: every change costs each viewer a new connection. */
export const MIN_SEGMENT_MS = 2000;
/** Longest segment, ms: nobody calls live what is more than a minute old. */
export const MAX_SEGMENT_MS = 60_000;
/** Pauses before a lost source is opened again, first and longest, ms. */
const RETRY_MS = [500, 5000] as const;

/** What a live room needs. */
export interface LiveRoomOptions
  extends Omit<ShareHostOptions, "file" | "duration"> {
  /** What is shown. */
  readonly source: SourceSpec;
  /** The source's name, in the room's film names. */
  readonly title: string;
  /** Length of a segment, ms. */
  readonly segmentMs: number;
  /** Ends after this long, ms. */
  readonly durationMs: number | undefined;
  /** Path given with `--ffmpeg`. */
  readonly ffmpeg: string | undefined;
}

/** A room with a live source. */
export interface LiveRoom extends Omit<ShareHost, "close" | "replace"> {
  /** Resolves when the source has ended and its last segment was shown. */
  readonly over: Promise<void>;
  /** Leaves, and removes the segments. */
  close(): Promise<void>;
}

/** A finished segment. */
interface Segment {
  readonly path: string;
  readonly seconds: number;
}

/**
 * Opens a room when the first segment is there, and keeps it at the newest.
 * A live source that is lost is opened again.
 *
 * @throws {MediaError} when the source cannot be read.
 * @throws {MissingProgramError} when there is no ffmpeg.
 * @throws {Error} when the server refuses.
 */
export async function startLiveRoom(
  options: LiveRoomOptions,
  context: ServiceContext,
): Promise<LiveRoom> {
  const { log } = context;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const folder = await Deno.makeTempDir({ prefix: "streamtool_live_" });
  const ready = Promise.withResolvers<ShareHost>();
  let host: ShareHost | undefined;
  let before: Segment | undefined;
  async function publish(segment: Segment): Promise<void> {
    if (signal.aborted) return;
    if (host === undefined) {
      host = await startShareHost({
        ...options,
        file: segment.path,
        duration: segment.seconds,
      }, { ...context, signal });
    } else await host.replace(segment.path, segment.seconds);
    host.client.control({ action: "seek", time: 0 });
    host.client.control({ action: "play", time: 0 });
    context.emit({
      event: "segment",
      file: segment.path.slice(folder.length + 1),
      seconds: segment.seconds,
    });
    ready.resolve(host);
    // Its host still serves it from the open file where that can be; Windows keeps it.
    if (before !== undefined) await Deno.remove(before.path).catch(() => {});
    before = segment;
  }
  const over = new SegmentLoop(options, folder, publish, log, signal).run()
    .then(async () => {
      const shown = (before?.seconds ?? 0) * 1e6;
      await sleepUntil(nowMicros() + shown, signal);
    });
  over.catch(ready.reject);
  async function close(): Promise<void> {
    stop.abort();
    await over.catch(() => {});
    host?.close();
    await Deno.remove(folder, { recursive: true });
  }
  try {
    const aborted = whenAborted(signal).then(() => signal.throwIfAborted());
    aborted.catch(() => {}); // it is raced below
    const ended = over.then(() => {
      throw new MediaError(
        "unreadable",
        `Cannot share "${options.title}": it has ended before its first segment`,
      );
    });
    ended.catch(() => {}); // later it may end
    const { link, roomId, client, secret, totals, ended: closed } =
      await Promise.race([ready.promise, aborted as Promise<never>, ended]);
    return { link, roomId, client, secret, totals, ended: closed, over, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Cuts a source into segments. */
class SegmentLoop {
  readonly #options: LiveRoomOptions;
  readonly #folder: string;
  readonly #publish: (segment: Segment) => Promise<void>;
  readonly #log: Logger;
  readonly #signal: AbortSignal;
  readonly #until: number;
  #count = 0;
  #handed: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(
    options: LiveRoomOptions,
    folder: string,
    publish: (segment: Segment) => Promise<void>,
    log: Logger,
    signal: AbortSignal,
  ) {
    this.#options = options;
    this.#folder = folder;
    this.#publish = publish;
    this.#log = log;
    this.#signal = signal;
    this.#until = performance.now() + (options.durationMs ?? Infinity);
  }

  /** Until the source ends, the time is over, or the signal. */
  async run(): Promise<void> {
    let pause: number = RETRY_MS[0];
    for (;;) {
      const known = this.#count;
      try {
        await using source = await this.#open();
        await this.#record(source);
        if (!source.live) return;
      } catch (error) {
        if (this.#signal.aborted) return;
        // What never gave a picture is a wrong address.
        if (!(error instanceof MediaError) || this.#count === 0) throw error;
        this.#log.warn(error.message);
      }
      if (this.#signal.aborted || performance.now() >= this.#until) return;
      pause = this.#count > known
        ? RETRY_MS[0]
        : Math.min(2 * pause, RETRY_MS[1]);
      this.#log.warn(`"${this.#options.title}" is lost: opening it again`);
      await sleepUntil(nowMicros() + pause * 1000, this.#signal);
    }
  }

  #open(): Promise<FrameSource> {
    const { source, ffmpeg, title } = this.#options;
    const left = (this.#until - performance.now()) / 1000;
    this.#log.debug(`opening "${title}"`);
    return openAnySource(source, {
      ffmpeg,
      duration: Number.isFinite(left) ? Math.max(1, left) : undefined,
      log: this.#log,
      signal: this.#signal,
    });
  }

  async #record(source: FrameSource): Promise<void> {
    const { segmentMs } = this.#options;
    const signal = this.#signal;
    const { path: ffmpeg } = await ensureFfmpeg({
      flag: this.#options.ffmpeg,
      log: this.#log,
      signal,
    });
    // What has no pace of its own is played at its rate.
    const frames = source.live
      ? source.frames()
      : paceFrames(source.frames(), { fps: source.fps, signal });
    let recorder: VideoRecorder | undefined;
    let path = "";
    let startedAt = 0;
    let time = 0;
    const finish = (): void => {
      if (recorder === undefined) return;
      const seconds = (time - startedAt) / 1e6 + 1 / source.fps;
      this.#hand(recorder, { path, seconds });
      recorder = undefined;
    };
    try {
      for await (const frame of frames) {
        if (this.#failure !== undefined) throw this.#failure;
        if (frame.time - startedAt >= segmentMs * 1000) finish();
        if (recorder === undefined) {
          path = this.#nextPath();
          startedAt = frame.time;
          recorder = await VideoRecorder.open(path, {
            ffmpeg,
            fps: source.fps,
            log: quiet(this.#log),
          });
        }
        time = frame.time;
        recorder.write(frame);
      }
    } finally {
      finish();
      await this.#handed;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Names with a number, so that a player's title says that it goes on. */
  #nextPath(): string {
    const number = String(++this.#count).padStart(4, "0");
    return join(this.#folder, `${this.#options.title}_live_${number}.mp4`);
  }

  /** Finishes a segment beside the next one, and hands it on in its turn. */
  #hand(recorder: VideoRecorder, segment: Segment): void {
    const closed = recorder.close();
    this.#handed = this.#handed.then(async () => {
      const { failure } = await closed;
      if (this.#failure !== undefined || this.#signal.aborted) return;
      if (failure !== undefined) {
        throw new MediaError(
          "write_failed",
          `Cannot make a film of "${this.#options.title}": ${failure}`,
        );
      }
      await this.#publish(segment);
    }).catch((error) => void (this.#failure ??= error));
  }
}

/** A recorder's every file is nothing to tell. */
function quiet(log: Logger): Logger {
  return {
    debug: (message, fields) => log.debug(message, fields),
    info: (message, fields) => log.debug(message, fields),
    warn: (message, fields) => log.warn(message, fields),
    error: (message, fields) => log.debug(message, fields),
    isEnabled: (level) => log.isEnabled(level),
    child: (component) => quiet(log.child(component)),
  };
}
