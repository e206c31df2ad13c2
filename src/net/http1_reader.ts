/**
 * HTTP/1.1 requests out of a byte stream: heads, bodies of a known length and
 * chunked ones (RFC 9112, section 7.1), one request after another.
 *
 * @module
 */

import { ReceiveBuffer } from "../bytes/mod.ts";
import {
  Http1Error,
  MAX_HEAD_BYTES,
  parseRequestHead,
  type RequestHead,
} from "./http1_head.ts";

/** Longest line before a chunk: its size and extensions. */
const MAX_CHUNK_LINE = 256;

/** Most bytes that wait here: a head and what one read brings behind it. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

const [CR, LF] = [13, 10];

/** What the reader found. */
export type Http1Event =
  | { readonly type: "head"; readonly head: RequestHead }
  | {
    /** A piece of the body. */
    readonly type: "data";
    readonly bytes: Uint8Array<ArrayBuffer>;
  }
  | { readonly type: "end" };

/** Where in a request the reader is. */
type State = "head" | "body" | "chunk_size" | "chunk" | "chunk_end" | "trailer";

/** Bytes in, requests out. */
export class Http1Reader {
  readonly #buffer = new ReceiveBuffer(MAX_BUFFERED_BYTES);
  #state: State = "head";
  #left = 0;
  #trailerBytes = 0;

  /**
   * Adds what arrived; take all events before the next push.
   *
   * @throws {RangeError} when more waits than any sound client sends ahead.
   */
  push(bytes: Uint8Array): void {
    this.#buffer.push(bytes);
  }

  /** Bytes that wait to be taken. */
  get buffered(): number {
    return this.#buffer.length;
  }

  /** What follows the last event, for whoever takes the connection over. */
  takeRest(): Uint8Array<ArrayBuffer> {
    return this.#buffer.take(this.#buffer.length) ?? new Uint8Array();
  }

  /**
   * The next event; `undefined` when it needs more bytes.
   *
   * @throws {Http1Error} with the status to answer; the stream is of no use then.
   */
  next(): Http1Event | undefined {
    for (;;) {
      switch (this.#state) {
        case "head":
          return this.#readHead();
        case "body":
        case "chunk": {
          if (this.#left > 0) return this.#takeData();
          if (this.#state === "body") return this.#finish();
          this.#state = "chunk_end";
          break;
        }
        case "chunk_end": {
          const line = this.#line(2);
          if (line === undefined) return undefined;
          if (line !== "") throw badChunk();
          this.#state = "chunk_size";
          break;
        }
        case "chunk_size": {
          const line = this.#line(MAX_CHUNK_LINE);
          if (line === undefined) return undefined;
          const digits = /^([0-9a-f]{1,13})[ \t]*(?:;.*)?$/i.exec(line)?.[1];
          if (digits === undefined) throw badChunk();
          this.#left = parseInt(digits, 16);
          this.#trailerBytes = 0;
          this.#state = this.#left === 0 ? "trailer" : "chunk";
          break;
        }
        case "trailer": {
          const line = this.#line(MAX_HEAD_BYTES);
          if (line === undefined) return undefined;
          if (line === "") return this.#finish();
          this.#trailerBytes += line.length;
          if (this.#trailerBytes > MAX_HEAD_BYTES) throw badChunk();
        }
      }
    }
  }

  #readHead(): Http1Event | undefined {
    // An empty line before a request is forgiven (RFC 9112 section 2.2).
    while (
      this.#buffer.length >= 2 && this.#buffer.indexOf(CR) === 0 &&
      this.#buffer.indexOf(LF) === 1
    ) {
      this.#buffer.discard(2);
    }
    const bytes = this.#buffer.peek();
    const end = indexOfEmptyLine(bytes);
    if (end > MAX_HEAD_BYTES || end < 0 && bytes.length > MAX_HEAD_BYTES) {
      throw new Http1Error(
        431,
        `Cannot read a request head of more than ${MAX_HEAD_BYTES} bytes`,
      );
    }
    if (end < 0) return undefined;
    const head = parseRequestHead(
      new TextDecoder("latin1").decode(bytes.subarray(0, end)),
    );
    this.#buffer.discard(end + 4);
    if (head.bodyLength === "chunked") this.#state = "chunk_size";
    else {
      this.#left = head.bodyLength;
      this.#state = "body";
    }
    return { type: "head", head };
  }

  #takeData(): Http1Event | undefined {
    const bytes = this.#buffer.take(Math.min(this.#left, this.#buffer.length));
    if (bytes === undefined || bytes.length === 0) return undefined;
    this.#left -= bytes.length;
    return { type: "data", bytes };
  }

  #finish(): Http1Event {
    this.#state = "head";
    return { type: "end" };
  }

  /** A line without its break; `undefined` when it is not whole. */
  #line(longest: number): string | undefined {
    const end = this.#buffer.indexOf(LF);
    if (end > longest || end < 0 && this.#buffer.length > longest) {
      throw badChunk();
    }
    const bytes = end < 0 ? undefined : this.#buffer.take(end + 1);
    if (bytes === undefined) return undefined;
    if (bytes.at(-2) !== CR) throw badChunk();
    return new TextDecoder("latin1").decode(bytes.subarray(0, -2));
  }
}

/** Where CRLF CRLF begins; -1 when it is not there. */
function indexOfEmptyLine(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) {
    if (
      bytes[at + 1] === LF && bytes[at + 2] === CR && bytes[at + 3] === LF
    ) return at;
    if (at > MAX_HEAD_BYTES) return at;
  }
  return -1;
}

function badChunk(): Http1Error {
  return new Http1Error(400, "Cannot read a chunk of the body");
}
