/**
 * RTSP messages as data (RFC 2326 sections 6, 7 and 10.12).
 *
 * @module
 */

import type { RtspHeaders } from "./headers.ts";

/** How a message was written, so that its answer can be written the same way. */
export interface MessageForm {
  /** What its lines end in; the start line decides. */
  readonly lineEnding: "\r\n" | "\n";
  /** `false` only in the teaching dialect, which has no blank line behind the headers. */
  readonly hasBlankLine: boolean;
}

/** The form of the standard. */
export const STANDARD_FORM: MessageForm = {
  lineEnding: "\r\n",
  hasBlankLine: true,
};

/** A request. */
export interface RtspRequest {
  /** What it is. */
  readonly type: "request";
  /** As sent: `DESCRIBE`, … */
  readonly method: string;
  /** As sent; `*` in OPTIONS. */
  readonly uri: string;
  /** `RTSP/1.0`; `HTTP/1.0` or `HTTP/1.1` for a tunnel's requests. */
  readonly version: string;
  /** Header fields in order. */
  readonly headers: RtspHeaders;
  /** Empty for none. */
  readonly body: Uint8Array;
  /** How it was written. */
  readonly form: MessageForm;
}

/** A response. */
export interface RtspResponse {
  /** What it is. */
  readonly type: "response";
  /** `RTSP/1.0`. */
  readonly version: string;
  /** Three digits. */
  readonly status: number;
  /** For people; may be empty. */
  readonly reason: string;
  /** Header fields in order. */
  readonly headers: RtspHeaders;
  /** Empty for none. */
  readonly body: Uint8Array;
  /** How it was written. */
  readonly form: MessageForm;
}

/** A `$` frame: RTP or RTCP within the RTSP connection (RFC 2326 section 10.12). */
export interface InterleavedFrame {
  /** What it is. */
  readonly type: "interleaved";
  /** 0–255. */
  readonly channel: number;
  /**
   * An RTP packet or an RTCP compound. From a reader: a view, whole until bytes
   * are pushed again.
   */
  readonly payload: Uint8Array;
}

/** A request or a response. */
export type RtspMessage = RtspRequest | RtspResponse;

/** No body. */
export const NO_BODY: Uint8Array = new Uint8Array();

/** Name and, for requests, target: for logs. */
export function describeMessage(message: RtspMessage): string {
  return message.type === "request"
    ? `${message.method} ${message.uri}`
    : `${message.status} ${message.reason}`;
}
