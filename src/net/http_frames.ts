/**
 * The newest picture of something live, for pages: by long poll and as MJPEG.
 *
 * Who is slow misses frames and never the newest one; nothing queues. A frame's bytes are
 * copied only while somebody watches, and once however many do.
 *
 * @module
 */

import { errorResponse } from "./http_reply.ts";
import type { RouteInfo } from "./http_route.ts";

/**
 * How long a request waits for the next frame. Short enough that a page notices a source that
 * stands still as soon as its tile must turn grey, and that a vanished client is forgotten soon.
 */
export const LONG_POLL_MS = 2000;

/**
 * Answers that may hold frames of the pool while they are sent. Who reads slowly holds one for
 * long; beyond these each has a copy, so that nobody empties the pool.
 */
const MAX_LENT = 4;

/** Bytes that may live in a pooled buffer: valid until the last `release`. */
export interface FrameHandle {
  /** One JPEG. */
  readonly bytes: Uint8Array;
  /** Keeps the bytes from being reused. */
  retain(): void;
  /** Gives back one `retain`. */
  release(): void;
}

/** A frame whose bytes belong to whoever asked for it. */
export interface LiveFrame {
  /** Counts what was published: grows by one a frame, over restarts of a stream too. */
  readonly sequence: number;
  /** The frame's number in its stream. */
  readonly number: number;
  /** When the frame was taken, in milliseconds since the Unix epoch. */
  readonly time: number;
  /** Milliseconds since it was published. */
  readonly ageMs: number;
  /** One JPEG. Shared by all who asked: read only. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface Published extends Omit<LiveFrame, "bytes" | "ageMs"> {
  readonly publishedAt: number;
  /** Retained until copied or superseded. */
  handle: FrameHandle | undefined;
  copy: Uint8Array<ArrayBuffer> | undefined;
}

/** Holds the newest frame and wakes those who wait for it. */
export class LiveFrames {
  #newest: Published | undefined;
  #sequence = 0;
  #closed = false;
  #lent = 0;
  readonly #waiting = new Set<() => void>();

  /**
   * The newest frame is now this one. Its handle is retained until somebody asks for the
   * picture or the next one comes. After `close` it does nothing.
   */
  publish(handle: FrameHandle, number: number, time: number): void {
    if (this.#closed) return;
    this.#newest?.handle?.release();
    handle.retain();
    this.#newest = {
      sequence: ++this.#sequence,
      number,
      time,
      publishedAt: performance.now(),
      handle,
      copy: undefined,
    };
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Whether `close` was called: no frame will come. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The newest frame; `undefined` before the first and after `close`. */
  newest(): LiveFrame | undefined {
    const newest = this.#newest;
    if (newest === undefined) return undefined;
    if (newest.copy === undefined) {
      newest.copy = new Uint8Array(newest.handle?.bytes ?? []);
      newest.handle?.release();
      newest.handle = undefined;
    }
    const { sequence, number, time, publishedAt, copy } = newest;
    const ageMs = performance.now() - publishedAt;
    return { sequence, number, time, ageMs, bytes: copy };
  }

  /**
   * The newest frame if its sequence is not `after`, else the next one; `undefined`
   * when `waitMs` have passed or `signal` was aborted first. Unequal, not
   * larger: a page that knew an earlier run of this program must not stall.
   */
  async next(
    after: number,
    waitMs: number,
    signal?: AbortSignal,
  ): Promise<LiveFrame | undefined> {
    return await this.#another(after, waitMs, signal, () => this.newest());
  }

  /** What `take` gives as soon as the newest frame is another than `after`. */
  async #another<Taken>(
    after: number,
    waitMs: number,
    signal: AbortSignal | undefined,
    take: () => Taken | undefined,
  ): Promise<Taken | undefined> {
    if (this.#newest !== undefined && this.#newest.sequence !== after) {
      return take();
    }
    if (this.#closed || signal?.aborted) return undefined;
    const { promise, resolve } = Promise.withResolvers<Taken | undefined>();
    const wake = (): void => resolve(take());
    const giveUp = (): void => resolve(undefined);
    const timer = setTimeout(giveUp, waitMs);
    signal?.addEventListener("abort", giveUp);
    this.#waiting.add(wake);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
      this.#waiting.delete(wake);
    }
  }

  /**
   * Answers `GET …?after=SEQUENCE&wait=MS`: 200 with the frame as image/jpeg and its facts in
   * `x-frame-seq` (for the next `after`), `x-frame-number`, `x-frame-time` and `x-frame-age`
   * (milliseconds since it was published); 204 when none came in time. `wait` may shorten
   * {@linkcode LONG_POLL_MS}; without `after` the newest frame is the answer.
   */
  async respond(
    request: Request,
    { closing, answered, url = new URL(request.url) }: Partial<RouteInfo> = {},
  ): Promise<Response> {
    const query = url.searchParams;
    const after = Number(query.get("after") ?? 0);
    const wait = Number(query.get("wait") ?? LONG_POLL_MS);
    if (!Number.isSafeInteger(after) || !(wait >= 0)) {
      return errorResponse(
        400,
        `Cannot answer "${query}": after and wait are numbers from 0`,
      );
    }
    const limit = Math.min(wait, LONG_POLL_MS);
    const answer = (): Response | undefined => this.#answer(answered);
    return await this.#another(after, limit, closing, answer) ??
      new Response(null, {
        status: 204,
        headers: { "cache-control": "no-store" },
      });
  }

  #answer(answered: Promise<void> | undefined): Response | undefined {
    const frame = this.#newest;
    const bytes = frame?.copy ?? frame?.handle?.bytes;
    if (frame === undefined || bytes === undefined) return undefined;
    return new Response(this.#bodyOf(frame, bytes, answered), {
      headers: {
        "content-type": "image/jpeg",
        "content-length": String(bytes.length),
        "cache-control": "no-store",
        "x-frame-seq": String(frame.sequence),
        "x-frame-number": String(frame.number),
        "x-frame-time": String(frame.time),
        "x-frame-age": (performance.now() - frame.publishedAt).toFixed(0),
      },
    });
  }

  /**
   * A response copies bytes that are its body (Fetch, "extract a body"), and thirty copies a
   * second are some 60 MB until they are collected. A stream hands them on as they are; they
   * stay in the pool's buffer until the answer has gone.
   */
  #bodyOf(
    { handle }: Published,
    bytes: Uint8Array,
    answered: Promise<void> | undefined,
  ): BodyInit {
    if (
      handle === undefined || answered === undefined || this.#lent >= MAX_LENT
    ) return bytes as Uint8Array<ArrayBuffer>;
    handle.retain();
    this.#lent++;
    answered.then(() => {
      this.#lent--;
      handle.release();
    });
    return new ReadableStream<Uint8Array>({
      pull(controller): void {
        controller.enqueue(bytes);
        controller.close();
      },
    }, { highWaterMark: 0 });
  }

  /** Lets go of the newest frame and of all who wait. */
  close(): void {
    this.#closed = true;
    this.#newest?.handle?.release();
    this.#newest = undefined;
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

const BOUNDARY = "frame";

/**
 * All frames from now on as `multipart/x-mixed-replace`, what `<img>`, VLC and ffmpeg
 * call MJPEG over HTTP. Each part is taken when the client has read the one before, so a slow
 * client gets fewer and newer frames. Ends when `closing` is aborted or the client goes.
 */
export function mjpegResponse(
  frames: LiveFrames,
  closing: AbortSignal,
): Response {
  const encoder = new TextEncoder();
  const gone = new AbortController();
  const ending = AbortSignal.any([closing, gone.signal]);
  let sequence = 0;
  const body = new ReadableStream<Uint8Array>({
    start(controller): void {
      controller.enqueue(encoder.encode(`--${BOUNDARY}\r\n`));
    },
    async pull(controller): Promise<void> {
      while (!ending.aborted && !frames.closed) {
        const frame = await frames.next(sequence, LONG_POLL_MS, ending);
        if (frame === undefined || gone.signal.aborted) continue;
        sequence = frame.sequence;
        controller.enqueue(encoder.encode(
          `content-type: image/jpeg\r\ncontent-length: ${frame.bytes.length}\r\n` +
            `x-frame-number: ${frame.number}\r\n\r\n`,
        ));
        controller.enqueue(frame.bytes);
        // The boundary at once: browsers show a part when they see its end.
        controller.enqueue(encoder.encode(`\r\n--${BOUNDARY}\r\n`));
        return;
      }
      if (!gone.signal.aborted) controller.close();
    },
    cancel: () => gone.abort(),
  }, { highWaterMark: 0 }); // nothing is prepared before it is asked for
  return new Response(body, {
    headers: {
      "content-type": `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
      "cache-control": "no-store",
    },
  });
}
