/**
 * Writing RTSP messages and interleaved frames.
 *
 * ```
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   "$" = 0x24  |    channel    |            length             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * ```
 *
 * @module
 */

import { statusText } from "./status.ts";
import { NO_BODY, STANDARD_FORM } from "./message.ts";
import type { InterleavedFrame, MessageForm } from "./message.ts";

/** `$`, channel and length. */
export const INTERLEAVED_HEADER_LENGTH = 4;
/** The length field has 16 bits. */
export const MAX_INTERLEAVED_PAYLOAD = 0xffff;

const ENCODER = new TextEncoder();

/** Parts of a request to write. */
export interface RequestParts {
  /** `DESCRIBE`, … */
  readonly method: string;
  /** What it is about. */
  readonly uri: string;
  /** `RTSP/1.0` when left out. */
  readonly version?: string;
  /** Header fields in order. */
  readonly headers: Iterable<readonly [string, string]>;
  /** Absent or empty for none. */
  readonly body?: Uint8Array;
  /** The standard's when left out. */
  readonly form?: MessageForm;
}

/** Parts of a response to write. */
export interface ResponseParts {
  /** Three digits. */
  readonly status: number;
  /** The status code's own text when left out. */
  readonly reason?: string;
  /** `RTSP/1.0` when left out. */
  readonly version?: string;
  /** Header fields in order. */
  readonly headers: Iterable<readonly [string, string]>;
  /** Absent or empty for none. */
  readonly body?: Uint8Array;
  /** The standard's when left out. */
  readonly form?: MessageForm;
}

/**
 * Writes a request; Content-Length is added when there is a body.
 *
 * @throws {RangeError} when a part holds a line break.
 */
export function encodeRequest(request: RequestParts): Uint8Array<ArrayBuffer> {
  return encodeMessage(
    `${request.method} ${request.uri} ${request.version ?? "RTSP/1.0"}`,
    request,
  );
}

/**
 * Writes a response; Content-Length is added when there is a body.
 *
 * @throws {RangeError} when a part holds a line break.
 */
export function encodeResponse(
  response: ResponseParts,
): Uint8Array<ArrayBuffer> {
  return encodeMessage(
    `${response.version ?? "RTSP/1.0"} ${response.status} ${
      response.reason ?? statusText(response.status)
    }`,
    response,
  );
}

/**
 * Writes the four bytes in front of an interleaved frame's payload, which may
 * already stand behind them in `out`.
 *
 * @throws {RangeError} when channel or length do not fit their fields.
 */
export function writeInterleavedHeader(
  out: Uint8Array,
  offset: number,
  channel: number,
  length: number,
): void {
  if (channel > 0xff || length > MAX_INTERLEAVED_PAYLOAD) {
    throw new RangeError(
      `Cannot write interleaved frame: channel ${channel}, ${length} bytes`,
    );
  }
  out[offset] = 0x24;
  out[offset + 1] = channel;
  out[offset + 2] = length >>> 8;
  out[offset + 3] = length;
}

/** Writes an interleaved frame into `out` at `offset`, returns the offset behind it. */
export function encodeInterleavedInto(
  frame: Pick<InterleavedFrame, "channel" | "payload">,
  out: Uint8Array,
  offset: number,
): number {
  writeInterleavedHeader(out, offset, frame.channel, frame.payload.length);
  out.set(frame.payload, offset + INTERLEAVED_HEADER_LENGTH);
  return offset + INTERLEAVED_HEADER_LENGTH + frame.payload.length;
}

/** {@linkcode encodeInterleavedInto} into a new buffer. */
export function encodeInterleaved(
  channel: number,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(INTERLEAVED_HEADER_LENGTH + payload.length);
  encodeInterleavedInto({ channel, payload }, out, 0);
  return out;
}

function encodeMessage(
  startLine: string,
  parts: {
    headers: Iterable<readonly [string, string]>;
    body?: Uint8Array;
    form?: MessageForm;
  },
): Uint8Array<ArrayBuffer> {
  const { lineEnding, hasBlankLine } = parts.form ?? STANDARD_FORM;
  const body = parts.body ?? NO_BODY;
  let text = checked(startLine) + lineEnding;
  for (const [name, value] of parts.headers) {
    text += checked(`${name}: ${value}`) + lineEnding;
  }
  if (body.length > 0) text += `Content-Length: ${body.length}${lineEnding}`;
  if (hasBlankLine) text += lineEnding;
  const head = ENCODER.encode(text);
  if (body.length === 0) return head;
  const out = new Uint8Array(head.length + body.length);
  out.set(head);
  out.set(body, head.length);
  return out;
}

/** What was echoed from a peer must not become a line of its own. */
function checked(line: string): string {
  if (/[\r\n\0]/.test(line)) {
    throw new RangeError(
      `Cannot write RTSP message: a line break within "${line.slice(0, 40)}"`,
    );
  }
  return line;
}
