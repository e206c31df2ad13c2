/**
 * Pushes one stream of ours to a server elsewhere, for as long as it takes.
 *
 * @module
 */

import { redact } from "../../log/mod.ts";
import { nowMicros, sleepUntil } from "../../net/mod.ts";
import { describeMjpeg } from "../../sdp/mod.ts";
import type { ServiceContext } from "../context.ts";
import {
  FrameClock,
  type FrameSink,
  isRefusal,
  type MediaOutput,
  type Playback,
  type ServedMedia,
} from "../rtsp_server/mod.ts";
import { PublishLink, type PublishOutcome } from "./link.ts";
import type { PublisherReport, RtspPublisherOptions } from "./options.ts";

/** First wait before a lost connection is made anew; doubles up to the longest. */
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;
/** A session that held for so long was a good one: the waits begin anew. */
const GOOD_SESSION_MS = 10_000;

/** The stream cannot be published; the message says why. */
export class PublishError extends Error {
  override readonly name = "PublishError";
}

/** Where a stream goes on from where it is. */
const ON = { from: undefined, to: undefined, scale: 1, speed: 1 } as const;

/** Pushes one stream. */
export class RtspPublisher implements FrameSink {
  readonly #options: RtspPublisherOptions;
  readonly #media: ServedMedia;
  readonly #name: string;
  readonly #context: ServiceContext;
  readonly #clock = new FrameClock();
  readonly #stop = new AbortController();
  #playback: Playback | undefined;
  #link: PublishLink | undefined;
  #output: MediaOutput | undefined;
  #state: PublisherReport["state"] = "connecting";
  #trouble: string | null = null;
  #transport: "udp" | "tcp" | null = null;
  #before = { framesSent: 0, framesSkipped: 0, bytesSent: 0 };
  #sessions = 0;

  /** Pushes `media`; `name` is what its description says. */
  constructor(
    options: RtspPublisherOptions,
    media: ServedMedia,
    name: string,
    context: ServiceContext,
  ) {
    this.#options = options;
    this.#media = media;
    this.#name = name;
    this.#context = context;
  }

  /**
   * Pushes until the signal aborts or the stream has ended; a server that goes
   * away is waited for.
   *
   * @throws {PublishError} when the server refuses for good, or there is no picture.
   */
  async run(): Promise<void> {
    const { signal } = this.#context;
    const onAbort = (): void => this.#end();
    if (signal.aborted) return;
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await this.#keep();
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#playback?.close();
      this.#clock.close();
      this.#state = "ended";
    }
  }

  /** The figures at this moment. */
  report(): PublisherReport {
    const now = this.#output?.figures();
    const before = this.#before;
    return {
      url: redact(this.#options.url),
      state: this.#state,
      trouble: this.#trouble,
      transport: this.#transport,
      framesSent: before.framesSent + (now?.framesSent ?? 0),
      framesSkipped: before.framesSkipped + (now?.framesSkipped ?? 0),
      bytesSent: before.bytesSent + (now?.bytesSent ?? 0),
      reconnects: Math.max(0, this.#sessions - 1),
    };
  }

  /** A frame is due. */
  frame(...frame: Parameters<FrameSink["frame"]>): void {
    this.#output?.frame(...frame);
  }

  /** The stream is over. */
  ended(): void {
    this.#context.log.info(
      `"${this.#name}" has ended: ${this.report().framesSent} frames were published`,
    );
    this.#end();
  }

  #end(): void {
    this.#stop.abort();
    this.#link?.teardown();
  }

  async #keep(): Promise<void> {
    const { log, emit } = this.#context;
    const stop = this.#stop.signal;
    let wait = FIRST_RETRY_MS;
    while (!stop.aborted) {
      const startedAt = performance.now();
      const outcome = await this.#runLink();
      if (stop.aborted || outcome.type === "ended") return;
      if (!mayRetry(outcome)) throw new PublishError(outcome.message);
      if (performance.now() - startedAt > GOOD_SESSION_MS) {
        wait = FIRST_RETRY_MS;
      }
      if (this.#trouble !== outcome.message) {
        log.warn(`${outcome.message}. Trying again until it takes the stream`);
        emit({ event: "publish-retry", reason: outcome.message });
      }
      this.#trouble = outcome.message;
      this.#state = "reconnecting";
      await sleepUntil(nowMicros() + wait * 1000, stop);
      wait = Math.min(wait * 2, LONGEST_RETRY_MS);
    }
  }

  async #runLink(): Promise<PublishOutcome> {
    const refusal = await this.#media.prepare();
    if (refusal !== undefined) {
      return {
        type: "failed",
        failure: "silent",
        message: `Cannot publish "${this.#name}": ${refusal.reason}`,
      };
    }
    const { fps, width, height } = this.#media.state();
    this.#playback ??= this.#media.open(this);
    const link = new PublishLink({
      ...this.#options,
      description: describeMjpeg({
        address: "127.0.0.1",
        name: this.#name,
        sessionId: String(Date.now()),
        frameRate: fps,
        width,
        height,
      }),
      clock: this.#clock,
      onRecording: (output, transport) => this.#begin(output, transport),
    });
    this.#link = link;
    if (this.#stop.signal.aborted) return { type: "ended" };
    try {
      return await link.run();
    } finally {
      this.#playback.pause();
      const { framesSent, framesSkipped, bytesSent } = this.report();
      this.#before = { framesSent, framesSkipped, bytesSent };
      this.#output = undefined;
      this.#link = undefined;
    }
  }

  #begin(output: MediaOutput, transport: "udp" | "tcp"): void {
    const { log, emit } = this.#context;
    const url = redact(this.#options.url);
    const start = this.#playback!.begin(ON);
    if (isRefusal(start)) {
      log.error(`Cannot publish "${this.#name}": ${start.reason}`);
      this.#end();
      return;
    }
    if (start.sequence !== undefined) output.join(start.sequence);
    this.#output = output;
    this.#transport = transport;
    this.#state = "publishing";
    this.#trouble = null;
    this.#sessions++;
    this.#playback!.start();
    emit({ event: "publishing", url, transport });
    log.info(`Publishing "${this.#name}" to ${url} by ${transport}`);
  }
}

/** A server that refuses us by name will do so again; anything else may pass. */
function mayRetry(
  { failure, status }: Extract<PublishOutcome, { type: "failed" }>,
): boolean {
  switch (failure) {
    case "unauthorized":
    case "no-transport":
    case "redirects":
      return false;
    case "status":
      return status !== 405 && status !== 415 && status !== 501;
    default:
      return true;
  }
}
