/**
 * Streams one phrase to a server, over as many connections as it takes.
 *
 * Frames stay here until the server has said that they are safe, so that a
 * broken connection costs time and nothing else.
 *
 * @module
 */

import {
  FrameIntervals,
  type FrameRange,
  RefereeProtocolError,
  type RefereeResult,
  type ServerMessage,
  type SessionStart,
  type SessionValidation,
} from "../../referee/mod.ts";
import { nowMicros, sleepUntil } from "../../net/mod.ts";
import type { ServiceContext } from "../context.ts";
import type { OutgoingFrame } from "./frame_feed.ts";
import type { RefereeSendOptions } from "./options.ts";
import { ServerLink } from "./server_link.ts";

/** First wait before a connection is tried again; doubles up to the longest. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 2000;

/** How long a server may be away before a phrase is given up. */
const PATIENCE_MS = 60_000;

/** How long an answer may take: the documents' clients wait as long. */
const ANSWER_TIMEOUT_MS = 10_000;

/** Where the conversation is. */
type Phase = "starting" | "sending" | "ended" | "processing" | "done";

/** The connection broke and cannot be mended, or the server refuses. */
export class RefereeSendError extends Error {
  override readonly name = "RefereeSendError";
}

/** One phrase. */
export class StreamSender {
  readonly #options: RefereeSendOptions;
  readonly #start: SessionStart;
  readonly #context: ServiceContext;
  readonly #unanswered: OutgoingFrame[] = [];
  readonly #safe = new FrameIntervals();
  #link: ServerLink | undefined;
  #phase: Phase = "starting";
  #window = 1;
  #resumable = false;
  #answered = 0;
  #attempts = 0;
  #broken: string | undefined;
  #fatal: Error | undefined;
  #wake: (() => void) | undefined;
  #totalFrames: number | undefined;
  #signal: Uint8Array | undefined;
  #signalName = "";
  #startedAt = 0;

  /** Frames that are safe and were sent by this run. */
  sent = 0;
  /** Frames that the server refused. */
  refused = 0;
  /** Bytes of the frames that were sent. */
  bytes = 0;
  /** How often the connection broke and the session went on. */
  reconnects = 0;
  /** What the server said of the frames. */
  validation: SessionValidation | undefined;
  /** The result. */
  result: RefereeResult | undefined;

  /** For a phrase that begins with `start`. */
  constructor(
    options: RefereeSendOptions,
    start: SessionStart,
    context: ServiceContext,
  ) {
    this.#options = options;
    this.#start = start;
    this.#context = context;
  }

  /**
   * Connects and opens the session, or goes on with the one that was left.
   *
   * @throws {WebSocketRefusedError} when there is nobody to stream to.
   * @throws {RefereeSendError} when the server refuses the session.
   */
  async begin(): Promise<void> {
    this.#startedAt = performance.now();
    await this.#connect();
    if (this.#options.resume) {
      this.#ask({ type: "session_resume", session_id: this.#id });
      await this.#until(() =>
        this.#phase !== "starting" || this.#broken !== undefined ||
        this.#fatal !== undefined
      );
      // The server knows of none: begin anew on a new connection.
      if (this.#phase === "starting") {
        this.#fatal = undefined;
        await this.#connect();
      }
    }
    if (this.#phase === "starting") {
      this.#ask(this.#start);
      await this.#until(() => this.#phase !== "starting");
    }
  }

  /** Sends a frame as soon as the window lets it; those the server has are left out. */
  async send(frame: OutgoingFrame): Promise<void> {
    if (this.#safe.has(frame.number) || this.#phase !== "sending") return;
    await this.#until(() => this.#unanswered.length < this.#window);
    this.#unanswered.push(frame);
    this.#sendFrame(frame);
    await this.#link?.room();
  }

  /** All frames were sent: waits until they are safe, then tells the server. */
  async end(totalFrames: number): Promise<void> {
    await this.#until(() => this.#unanswered.length === 0);
    if (this.#phase !== "sending") return;
    this.#totalFrames = totalFrames;
    this.#sayEnd();
    await this.#until(() => this.#phase !== "sending");
  }

  /** Sends the signal and waits for the result. */
  async finish(signal: Uint8Array, filename: string): Promise<RefereeResult> {
    this.#signal = signal;
    this.#signalName = filename;
    if (this.#phase === "ended") this.#saySignal();
    await this.#until(() => this.result !== undefined);
    this.#phase = "done";
    this.#link?.close();
    return this.result!;
  }

  /** Gives the phrase up; the server throws it away. */
  abort(): void {
    if (this.#phase === "sending" || this.#phase === "ended") {
      this.#ask({ type: "session_abort", session_id: this.#id });
    }
    this.#phase = "done";
    this.#link?.close();
  }

  /** Ends the connection and leaves the session for a later run. */
  close(): void {
    this.#phase = "done";
    this.#link?.close();
  }

  get #id(): string {
    return this.#start.session_id;
  }

  async #connect(): Promise<void> {
    this.#broken = undefined;
    const attempt = ++this.#attempts;
    this.#link = await ServerLink.open(this.#options, {
      // What an earlier connection still says is of no interest.
      message: (message) => {
        if (attempt === this.#attempts) this.#take(message);
        this.#wake?.();
      },
      closed: (reason) => {
        if (attempt === this.#attempts) this.#broken ??= reason;
        this.#wake?.();
      },
    }, this.#context.signal);
  }

  #ask(message: Parameters<ServerLink["say"]>[0]): void {
    this.#link?.say(message);
  }

  #sendFrame({ number, timestamp, bytes }: OutgoingFrame): void {
    const { encoding } = this.#options;
    this.bytes += bytes.length;
    this.#link?.sayWithBytes({
      type: "frame",
      session_id: this.#id,
      frame_number: number,
      timestamp,
      encoding,
      size: bytes.length,
    }, bytes);
  }

  #sayEnd(): void {
    this.#ask({
      type: "session_end",
      session_id: this.#id,
      total_frames: this.#totalFrames ?? this.#safe.count,
    });
  }

  #saySignal(): void {
    if (this.#signal === undefined) return;
    this.#link?.sayWithBytes({
      type: "signal",
      session_id: this.#id,
      filename: this.#signalName,
      size: this.#signal.length,
      ...(this.#options.swapSides ? { swap_sides: true } : {}),
    }, this.#signal);
  }

  /**
   * Waits until `done` holds, mending the connection meanwhile.
   *
   * @throws {RefereeSendError} when the server refuses, or stays away.
   * @throws the signal's reason when it aborts.
   */
  async #until(done: () => boolean): Promise<void> {
    const { signal } = this.#context;
    while (!done()) {
      signal.throwIfAborted();
      if (this.#fatal !== undefined) throw this.#fatal;
      if (this.#broken !== undefined) {
        await this.#mend(this.#broken);
        continue;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      const wake = (): void => resolve();
      this.#wake = wake;
      signal.addEventListener("abort", wake, { once: true });
      // A result may take its time; pings tell whether the server is there.
      const timer = this.#phase === "processing"
        ? undefined
        : setTimeout(() => this.#link?.terminate(), ANSWER_TIMEOUT_MS);
      await promise;
      clearTimeout(timer);
      signal.removeEventListener("abort", wake);
    }
  }

  /** Goes on over a new connection. */
  async #mend(reason: string): Promise<void> {
    const { log, signal } = this.#context;
    if (!this.#resumable || this.#phase === "starting") {
      throw new RefereeSendError(
        `Cannot go on: the connection to ${this.#options.server.stream.host} is over (${reason})`,
      );
    }
    log.warn(
      `The connection broke (${reason}): going on when the server is there`,
    );
    this.reconnects++;
    const deadline = performance.now() + PATIENCE_MS;
    for (
      let wait = FIRST_RETRY_MS;;
      wait = Math.min(wait * 2, LONGEST_RETRY_MS)
    ) {
      await sleepUntil(nowMicros() + wait * 1000, signal);
      signal.throwIfAborted();
      try {
        await this.#connect();
        break;
      } catch (error) {
        signal.throwIfAborted();
        if (performance.now() < deadline) continue;
        throw new RefereeSendError(
          `Cannot go on: the server did not come back within ${
            PATIENCE_MS / 1000
          } s`,
          { cause: error },
        );
      }
    }
    const { resume_key } = this.#start;
    this.#ask({ type: "session_resume", session_id: this.#id, resume_key });
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case "session_started":
        this.#phase = "sending";
        this.#resumable = message.resumable === true;
        this.#setWindow(message.window);
        break;
      case "session_resumed":
        this.#resumed(message);
        break;
      case "frame_ack":
        this.#acknowledged(message);
        break;
      case "session_ended":
        this.validation = message.validation;
        this.#phase = "ended";
        break;
      case "process_start":
        this.#phase = "processing";
        break;
      case "process_progress":
        this.#phase = "processing";
        this.#options.onProgress({
          phase: "process",
          stage: message.stage,
          progress: message.progress,
          message: message.message,
        });
        break;
      case "process_complete":
        this.result = message.result;
        break;
      case "error":
        this.#refusal(message);
    }
  }

  /** A server that knows no window is waited for after each frame. */
  #setWindow(offered: number | undefined): void {
    const { window } = this.#options;
    this.#window = window === "auto"
      ? offered ?? 1
      : Math.min(window, offered ?? window);
  }

  #resumed(
    { state, received, window }: Extract<
      ServerMessage,
      { type: "session_resumed" }
    >,
  ): void {
    this.#resumable = true;
    this.#setWindow(window);
    this.#answered = 0;
    this.#noteSafe(received);
    const left = this.#unanswered.splice(0).filter(({ number }) => {
      const safe = this.#safe.has(number);
      if (safe) this.sent++;
      return !safe;
    });
    if (state === "receiving") {
      this.#phase = "sending";
      this.#unanswered.push(...left);
      for (const frame of left) this.#sendFrame(frame);
      if (this.#totalFrames !== undefined && left.length === 0) this.#sayEnd();
    } else if (state === "frames_complete") {
      this.#phase = "ended";
      this.#saySignal();
    } else this.#phase = "processing";
    this.#tell();
  }

  #noteSafe(ranges: readonly FrameRange[]): void {
    for (const [first, last] of ranges) {
      for (let number = first; number <= last; number++) this.#safe.add(number);
    }
  }

  /** Frames are answered in the order in which they were sent. */
  #acknowledged(
    { status, acked }: Extract<ServerMessage, { type: "frame_ack" }>,
  ): void {
    const count = acked === undefined ? 1 : acked - this.#answered;
    for (const frame of this.#unanswered.splice(0, count)) {
      if (status === "error") this.refused++;
      else {
        this.sent++;
        this.#safe.add(frame.number);
      }
    }
    this.#answered += count;
    this.#tell();
  }

  #refusal(message: Extract<ServerMessage, { type: "error" }>): void {
    const { error_code: code, error_message, detail, recoverable } = message;
    const text = detail === undefined || detail === error_message
      ? error_message
      : `${error_message} (${detail})`;
    if (code === "FRAME_PROCESSING_FAILED") {
      this.#unanswered.shift();
      this.#answered++;
      this.refused++;
      this.#context.log.warn(`The server refused a frame: ${text}`);
    } else if (!recoverable) {
      this.#fatal = new RefereeSendError(
        `Cannot send the phrase: the server says "${text}"`,
        { cause: new RefereeProtocolError(code, error_message) },
      );
    }
  }

  #tell(): void {
    this.#options.onProgress({
      phase: "send",
      frames: this.sent,
      totalFrames: this.#start.expected_frames || undefined,
      bytes: this.bytes,
      seconds: (performance.now() - this.#startedAt) / 1000,
    });
  }
}
