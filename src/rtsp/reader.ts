/**
 * Bytes of an RTSP connection into messages and interleaved frames, of both
 * dialects.
 *
 * A standard message ends with a blank line (and its body). A request of the
 * teaching dialect has none: it is complete when request line, CSeq and
 * Transport or Session are there and nothing more comes for a moment, which is
 * why the reader has a timeout.
 *
 * @module
 */

import { ReceiveBuffer } from "../bytes/mod.ts";
import { RtspProtocolError } from "./errors.ts";
import {
  classifyLine,
  contentLength,
  finishHead,
  MessageHead,
} from "./message_head.ts";
import type { HeadLimits } from "./message_head.ts";
import { NO_BODY } from "./message.ts";
import type { InterleavedFrame, MessageForm, RtspMessage } from "./message.ts";

/** Longest line; gortsplib takes 2,048 for the URL, Apache 8,190 for any line. */
export const MAX_LINE_LENGTH = 8192;
/** Most header lines; as gortsplib. */
export const MAX_HEADER_COUNT = 255;
/** All header lines of a message together; as nginx with its four large buffers. */
export const MAX_HEADERS_LENGTH = 32 * 1024;
/** Largest body; as gortsplib. Descriptions are the largest, at a few KB. */
export const MAX_BODY_LENGTH = 128 * 1024;
/** Unread bytes held at most: several interleaved frames and a message. */
export const MAX_BUFFERED = 1024 * 1024;
/** Silence in milliseconds that ends a request of the teaching dialect. */
export const QUIET_TIME = 30;
/**
 * The same for a request that looks like the standard (CR LF and an absolute
 * URL): there the pause is more likely a slow network's.
 */
export const QUIET_TIME_STANDARD_LOOK = 500;

const LF = 0x0a;
const CR = 0x0d;
const DOLLAR = 0x24;
const DECODER = new TextDecoder();
const LIMITS: HeadLimits = {
  count: MAX_HEADER_COUNT,
  length: MAX_HEADERS_LENGTH,
};

/** How a reader treats what has no blank line. */
export interface RtspReaderOptions {
  /**
   * Take responses without a blank line too, as servers of the teaching
   * dialect send them; `false` when left out.
   */
  readonly teachingResponses?: boolean;
}

/** Reads one connection. */
export class RtspReader {
  readonly #buffer = new ReceiveBuffer(MAX_BUFFERED);
  readonly #teachingResponses: boolean;
  #head: MessageHead | undefined;
  /** A complete head that waits for its body. */
  #body: { message: RtspMessage; length: number } | undefined;
  /** Bytes of the unfinished line already searched for its end. */
  #searched = 0;
  #lastPushAt = 0;
  #quiet = false;
  /** Header lines that come behind a message which was already ended are dropped. */
  #dropping = false;
  /** A blank line has been seen: this peer writes them. */
  #standard = false;
  #dead = false;

  /** Starts at the beginning of a connection. */
  constructor(options: RtspReaderOptions = {}) {
    this.#teachingResponses = options.teachingResponses ?? false;
  }

  /** Unread bytes. */
  get buffered(): number {
    return this.#buffer.length;
  }

  /** Whether a message or frame has begun and is not complete. */
  get inMessage(): boolean {
    return this.#head !== undefined || this.#body !== undefined ||
      this.#buffer.length > 0;
  }

  /**
   * Takes bytes that arrived at `now` (milliseconds).
   *
   * @throws {RtspProtocolError} `RTSP_OVERFLOW` when more is unread than any
   * message can need; the connection cannot go on.
   */
  push(bytes: Uint8Array, now: number): void {
    if (this.#dead) return;
    this.#lastPushAt = now;
    this.#quiet = false;
    try {
      this.#buffer.push(bytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw this.#fatal("RTSP_OVERFLOW", error.message, 413);
    }
  }

  /**
   * The next message or frame; `undefined` when more bytes are needed. A
   * frame's payload is a view of what was pushed, whole until the next push.
   *
   * @throws {RtspProtocolError} for a message that cannot be read. When its
   * `context.recoverable` is true the message is behind us and the next call
   * goes on; else the reader gives nothing more.
   */
  next(): RtspMessage | InterleavedFrame | undefined {
    while (!this.#dead) {
      if (this.#body !== undefined) return this.#takeBody();
      if (this.#head === undefined) {
        // Most of what comes is frames: one look at the bytes does for them.
        const bytes = this.#buffer.peek();
        if (bytes[0] === DOLLAR) return this.#takeInterleaved(bytes);
        const first = this.#firstByte(bytes);
        if (first === undefined) return undefined;
        if (first === DOLLAR) continue;
      }
      const line = this.#takeLine();
      if (line === undefined) return this.#takeQuiet();
      const message = this.#addLine(line.text, line.ending);
      if (message !== undefined) return message;
    }
    return undefined;
  }

  /** When silence ends the message that has begun; `undefined` when it cannot. */
  nextTimeoutAt(): number | undefined {
    const head = this.#head;
    if (this.#dead || head === undefined || this.#quiet) return undefined;
    const partial = this.#buffer.length === 0
      ? undefined
      : DECODER.decode(this.#buffer.peek().subarray(0, MAX_LINE_LENGTH));
    if (!head.endsByQuiet(partial, this.#teachingResponses)) return undefined;
    if (head.bad === undefined && this.#standard) return undefined;
    return this.#lastPushAt +
      (head.looksStandard ? QUIET_TIME_STANDARD_LOOK : QUIET_TIME);
  }

  /** Ends the message that has begun when its silence is over; then {@linkcode next} has it. */
  handleTimeout(now: number): void {
    const due = this.nextTimeoutAt();
    if (due !== undefined && now >= due) this.#quiet = true;
  }

  /**
   * Everything unread, taken out: what follows the head of an HTTP request,
   * from which on the connection carries something else.
   */
  takeRest(): Uint8Array<ArrayBuffer> {
    this.#searched = 0;
    return this.#buffer.take(this.#buffer.length)!;
  }

  /** Looks at the first byte of a message, stepping over blank lines before it. */
  #firstByte(bytes: Uint8Array): number | undefined {
    let at = 0;
    while (at < bytes.length && (bytes[at] === CR || bytes[at] === LF)) at++;
    if (at > 0) {
      this.#buffer.discard(at);
      this.#dropping = false;
    }
    const first = bytes[at];
    if (first !== undefined && (first < 0x20 || first > 0x7e)) {
      throw this.#fatal(
        "RTSP_NOT_RTSP",
        `Cannot read RTSP message: it starts with byte ${first}`,
        400,
      );
    }
    return first;
  }

  #takeInterleaved(bytes: Uint8Array): InterleavedFrame | undefined {
    if (bytes.length < 4) return undefined;
    const end = 4 + ((bytes[2]! << 8) | bytes[3]!);
    if (bytes.length < end) return undefined;
    this.#buffer.discard(end);
    this.#dropping = false;
    return {
      type: "interleaved",
      channel: bytes[1]!,
      payload: bytes.subarray(4, end),
    };
  }

  #takeBody(): RtspMessage | undefined {
    const { message, length } = this.#body!;
    const body = this.#buffer.take(length);
    if (body === undefined) return undefined;
    this.#body = undefined;
    return { ...message, body };
  }

  #takeLine(): { text: string; ending: MessageForm["lineEnding"] } | undefined {
    const end = this.#buffer.indexOf(LF, this.#searched);
    const length = end < 0 ? this.#buffer.length : end;
    if (length > MAX_LINE_LENGTH) {
      const inStartLine = this.#head === undefined;
      throw this.#fatal(
        "RTSP_LINE_TOO_LONG",
        `Cannot read RTSP message: a line is longer than ${MAX_LINE_LENGTH} bytes`,
        inStartLine ? 414 : 400,
      );
    }
    if (end < 0) {
      this.#searched = length;
      return undefined;
    }
    this.#searched = 0;
    const line = this.#buffer.peek().subarray(0, end);
    const ending = line[end - 1] === CR ? "\r\n" : "\n";
    const text = DECODER.decode(
      ending === "\r\n" ? line.subarray(0, end - 1) : line,
    );
    this.#buffer.discard(end + 1);
    return { text, ending };
  }

  #addLine(
    text: string,
    ending: MessageForm["lineEnding"],
  ): RtspMessage | undefined {
    const head = this.#head;
    const kind = classifyLine(text);
    if (head === undefined) {
      if (this.#dropping && kind === "header") return undefined;
      this.#dropping = false;
      this.#head = new MessageHead(text, ending, LIMITS);
      return undefined;
    }
    if (text === "") {
      this.#head = undefined;
      this.#standard ||= head.bad === undefined;
      return this.#finish(head, true);
    }
    if (kind === "start") {
      // The message before had no blank line; this line begins the next one.
      this.#head = new MessageHead(text, ending, LIMITS);
      return this.#finish(head, false);
    }
    if (!head.add(text)) {
      throw this.#fatal(
        "RTSP_HEADERS_TOO_LARGE",
        `Cannot read RTSP message: more than ${MAX_HEADER_COUNT} header lines or ${MAX_HEADERS_LENGTH} bytes of them`,
        400,
        head,
      );
    }
    return undefined;
  }

  /** Ends the head whose silence is over, with the line that was left unfinished. */
  #takeQuiet(): RtspMessage | undefined {
    const head = this.#head;
    if (!this.#quiet || head === undefined) return undefined;
    this.#quiet = false;
    this.#head = undefined;
    this.#dropping = true;
    const rest = DECODER.decode(this.takeRest()).replace(/\r$/, "");
    if (rest !== "") head.add(rest);
    return this.#finish(head, false);
  }

  #finish(head: MessageHead, hasBlankLine: boolean): RtspMessage | undefined {
    const message = finishHead(head, hasBlankLine);
    // HTTP requests open tunnels: what follows them is not a body to wait for.
    if (message.type === "request" && message.version.startsWith("HTTP/")) {
      return message;
    }
    const length = contentLength(message, head);
    if (length > MAX_BODY_LENGTH) {
      throw this.#fatal(
        "RTSP_BODY_TOO_LARGE",
        `Cannot read RTSP message: a body of ${length} bytes exceeds ${MAX_BODY_LENGTH}`,
        413,
        head,
      );
    }
    if (length === 0) return message;
    this.#body = { message: { ...message, body: NO_BODY }, length };
    return undefined;
  }

  #fatal(
    code: RtspProtocolError["code"],
    message: string,
    statusHint: number,
    head: MessageHead | undefined = this.#head,
  ): RtspProtocolError {
    this.#dead = true;
    this.takeRest();
    return new RtspProtocolError(code, message, statusHint, {
      recoverable: false,
      ...head?.context(true),
    });
  }
}
