/**
 * A stream's picture for the page: one more viewer, only while somebody looks.
 *
 * @module
 */

import {
  type HttpRequestInfo,
  LiveFrames,
  LONG_POLL_MS,
  mjpegResponse,
} from "../../net/mod.ts";
import type { PackedFrame } from "./packed_frame.ts";
import {
  type FrameSink,
  isRefusal,
  type Playback,
  type Refusal,
  type ServedMedia,
} from "./playback.ts";

/** Nobody has looked for so long: the picture stops. A page asks again at once. */
const IDLE_MS = LONG_POLL_MS + 3000;

/** Shows one media to all pages. */
export class Preview implements FrameSink {
  readonly #media: ServedMedia;
  readonly #frames = new LiveFrames();
  #playback: Playback | undefined;
  #number = 0;
  #streams = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** Shows nothing yet. */
  constructor(media: ServedMedia) {
    this.#media = media;
  }

  /** A frame is due. */
  frame({ jpeg }: PackedFrame): void {
    this.#frames.publish(
      { bytes: jpeg, retain: () => {}, release: () => {} },
      ++this.#number,
      Date.now(),
    );
  }

  /** The stream is over; who asks again starts it again. */
  ended(): void {
    this.#stop();
  }

  /** Answers a long poll for a frame; 204 when none came in the time it gives, because the source is slow to start too. */
  async respond(
    request: Request,
    info: HttpRequestInfo,
  ): Promise<Response | Refusal> {
    const started = await within(this.#start(), waitOf(request));
    if (started === "later") return new Response(null, { status: 204 });
    return started ?? await this.#frames.respond(request, info);
  }

  /** Answers with all frames from now on. */
  async stream(closing: AbortSignal): Promise<Response | Refusal> {
    const refusal = await this.#start();
    if (refusal !== undefined) return refusal;
    const response = mjpegResponse(this.#frames, closing);
    this.#streams++;
    return new Response(
      watched(response.body!, () => {
        this.#streams--;
        this.#rest();
      }),
      { headers: response.headers },
    );
  }

  async #start(): Promise<Refusal | undefined> {
    this.#rest();
    if (this.#playback !== undefined) return undefined;
    if (this.#media.rtsp === undefined) {
      const refusal = await this.#media.prepare();
      if (refusal !== undefined) return refusal;
    }
    if (this.#playback !== undefined || this.#closed) return undefined;
    this.#playback = this.#media.open(this, { repeat: true });
    const start = this.#playback.begin({
      from: undefined,
      to: undefined,
      scale: 1,
      speed: 1,
    });
    if (isRefusal(start)) {
      this.#stop();
      return start;
    }
    this.#playback.start();
    return undefined;
  }

  /** Stops after a while unless somebody looks again. */
  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#closed) return;
    this.#idle = setTimeout(() => {
      if (this.#streams === 0) this.#stop();
    }, IDLE_MS);
  }

  #stop(): void {
    this.#playback?.close();
    this.#playback = undefined;
  }

  /** Stops for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#idle);
    this.#stop();
    this.#frames.close();
  }
}

/** Milliseconds a page waits for a frame: as it asks, at most as long as we let it. */
function waitOf(request: Request): number {
  const wait = new URL(request.url).searchParams.get("wait");
  const wanted = Number(wait ?? LONG_POLL_MS);
  return wanted >= 0 ? Math.min(wanted, LONG_POLL_MS) : LONG_POLL_MS;
}

/** What a promise resolves to, or "later" when it takes longer. */
async function within<T>(
  promise: Promise<T>,
  ms: number,
): Promise<T | "later"> {
  const { promise: late, resolve } = Promise.withResolvers<"later">();
  const timer = setTimeout(() => resolve("later"), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The same stream, telling once when it ends or is cancelled. */
function watched(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onEnd: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await reader.read();
      if (value !== undefined) controller.enqueue(value);
      if (done) {
        onEnd();
        controller.close();
      }
    },
    cancel: (reason) => {
      onEnd();
      return reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
