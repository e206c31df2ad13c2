/**
 * The start line and headers of one message, while they come in.
 *
 * @module
 */

import { RtspProtocolError } from "./errors.ts";
import { RtspHeaders } from "./headers.ts";
import { NO_BODY } from "./message.ts";
import type { MessageForm, RtspMessage } from "./message.ts";

/** How much of headers a message may have. */
export interface HeadLimits {
  /** Header lines. */
  readonly count: number;
  /** Characters of them. */
  readonly length: number;
}

const REQUEST_LINE =
  /^([A-Za-z][\w.!#$%&'*+^`|~-]*)[ \t]+(\S+)[ \t]+((?:RTSP|HTTP)\/\d{1,3}\.\d{1,3})[ \t]*$/;
const STATUS_LINE = /^(RTSP\/\d{1,3}\.\d{1,3})[ \t]+(\d{3})(?:[ \t]+(.*))?$/;
const HEADER_LINE = /^([\w.!#$%&'*+^`|~-]+)[ \t]*:[ \t]*(.*?)[ \t]*$/;
// deno-lint-ignore no-control-regex -- control characters are what it looks for
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Whether a line begins a message, is a header field, or neither. */
export function classifyLine(line: string): "start" | "header" | "other" {
  if (REQUEST_LINE.test(line) || STATUS_LINE.test(line)) return "start";
  return HEADER_LINE.test(line) ? "header" : "other";
}

/** Collects the lines of one message; what is wrong with them is told at the end. */
export class MessageHead {
  readonly startLine: string;
  readonly lineEnding: MessageForm["lineEnding"];
  readonly #limits: HeadLimits;
  readonly #fields: [name: string, value: string][] = [];
  #length = 0;
  #bad: string | undefined;
  #cseq: string | undefined;
  #addressed = false;

  constructor(
    startLine: string,
    lineEnding: MessageForm["lineEnding"],
    limits: HeadLimits,
  ) {
    this.startLine = startLine;
    this.lineEnding = lineEnding;
    this.#limits = limits;
    if (classifyLine(startLine) !== "start" || CONTROL.test(startLine)) {
      this.#bad = `"${
        startLine.slice(0, 60).replace(CONTROL, "?")
      }" is no request or status line`;
    }
  }

  /** What is wrong, `undefined` while nothing is. */
  get bad(): string | undefined {
    return this.#bad;
  }

  /** The header fields so far. */
  get fields(): Iterable<readonly [string, string]> {
    return this.#fields;
  }

  /** CR LF lines and an absolute URL: not what clients of the teaching dialect write. */
  get looksStandard(): boolean {
    return this.#bad === undefined && this.lineEnding === "\r\n" &&
      /^\S+[ \t]+rtsps?:\/\//i.test(this.startLine);
  }

  /** What an answer to a message that cannot be read must know. */
  context(
    hasBlankLine: boolean,
  ): { cseq?: string; form: MessageForm } {
    const form = { lineEnding: this.lineEnding, hasBlankLine };
    return this.#cseq === undefined ? { form } : { cseq: this.#cseq, form };
  }

  /** Adds a header line; `false` when there are too many. */
  add(line: string): boolean {
    this.#length += line.length;
    if (
      this.#fields.length >= this.#limits.count ||
      this.#length > this.#limits.length
    ) {
      return false;
    }
    const last = this.#fields.at(-1);
    if (last !== undefined && /^[ \t]/.test(line)) {
      // A folded line goes on with the field before (RFC 2326 section 4.2 by HTTP).
      last[1] = `${last[1]} ${line.trim()}`.trim();
      return true;
    }
    const match = HEADER_LINE.exec(line);
    if (match === null || CONTROL.test(line)) {
      this.#bad ??= `the line "${
        line.slice(0, 60).replace(CONTROL, "?")
      }" is no header`;
      return true;
    }
    const name = match[1]!.toLowerCase();
    this.#fields.push([match[1]!, match[2]!]);
    if (name === "cseq" && /^\d{1,10}$/.test(match[2]!)) {
      this.#cseq ??= match[2]!;
    }
    if (name === "transport" || name === "session") this.#addressed = true;
    return true;
  }

  /**
   * Whether silence may end the message: a request of the teaching dialect is
   * all there, or what is there is wrong anyhow. `partial` is the line that has
   * no end yet.
   */
  endsByQuiet(partial: string | undefined, responses: boolean): boolean {
    if (this.#bad !== undefined) return true;
    const last = partial === undefined ? null : HEADER_LINE.exec(partial);
    const name = last?.[1]?.toLowerCase();
    if (this.#cseq === undefined && name !== "cseq") return false;
    if (STATUS_LINE.test(this.startLine)) return responses;
    return this.#addressed || name === "transport" || name === "session";
  }
}

/**
 * Makes the message of a complete head, without its body.
 *
 * @throws {RtspProtocolError} recoverable, when a line of it cannot be read.
 */
export function finishHead(
  head: MessageHead,
  hasBlankLine: boolean,
): RtspMessage {
  if (head.bad !== undefined) {
    throw new RtspProtocolError(
      classifyLine(head.startLine) === "start" && !CONTROL.test(head.startLine)
        ? "RTSP_BAD_HEADER"
        : "RTSP_BAD_START_LINE",
      `Cannot read RTSP message: ${head.bad}`,
      400,
      { recoverable: true, ...head.context(hasBlankLine) },
    );
  }
  const common = {
    headers: new RtspHeaders(head.fields),
    body: NO_BODY,
    form: { lineEnding: head.lineEnding, hasBlankLine },
  };
  const request = REQUEST_LINE.exec(head.startLine);
  if (request !== null) {
    const [, method, uri, version] = request;
    return {
      type: "request",
      method: method!,
      uri: uri!,
      version: version!,
      ...common,
    };
  }
  const [, version, status, reason] = STATUS_LINE.exec(head.startLine)!;
  return {
    type: "response",
    version: version!,
    status: Number(status),
    reason: (reason ?? "").trim(),
    ...common,
  };
}

/**
 * Length of a message's body by its Content-Length; 0 without one.
 *
 * @throws {RtspProtocolError} recoverable, when it is no plain number or there
 * are two that differ: no body is read then.
 */
export function contentLength(message: RtspMessage, head: MessageHead): number {
  const values = message.headers.getAll("content-length");
  const [value] = values;
  if (value === undefined) return 0;
  if (!/^\d{1,15}$/.test(value) || values.some((other) => other !== value)) {
    throw new RtspProtocolError(
      "RTSP_BAD_CONTENT_LENGTH",
      `Cannot read RTSP message: Content-Length "${
        values.join(", ").slice(0, 60)
      }" is no length`,
      400,
      { recoverable: true, ...head.context(message.form.hasBlankLine) },
    );
  }
  return Number(value);
}
