/**
 * Cuts a TCP stream of control messages into JSON objects.
 *
 * The original protocol sends one object a connection with neither newline
 * nor length, so a message is complete when its braces balance. The same rule
 * reads the newline-delimited JSON of our long-lived sessions: white space
 * between objects is skipped.
 *
 * @module
 */

import { ReceiveBuffer } from "../bytes/mod.ts";
import { ChainProtocolError } from "./chain_error.ts";
import {
  type JsonObject,
  MAX_JSON_DEPTH,
  parseJsonObject,
} from "./strict_json.ts";

/** Largest message. A report has about 1 KB; the rest is room for a long `list`. */
export const MAX_CONTROL_MESSAGE_BYTES = 64 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACE = 0x7d;
const CLOSE_BRACKET = 0x5d;

/** Bytes in, JSON objects out. Take all objects after every push. */
export class ControlReader {
  readonly #partial = new ReceiveBuffer(MAX_CONTROL_MESSAGE_BYTES);
  readonly #complete: Uint8Array[] = [];
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #depth = 0;
  #inString = false;
  #escaped = false;
  #failure: ChainProtocolError | undefined;

  /** True when a message has begun and its end has not come. */
  get incomplete(): boolean {
    return this.#partial.length > 0;
  }

  /** Takes what the connection gave. Never throws: `next` does, in its turn. */
  push(bytes: Uint8Array): void {
    let start = 0;
    for (let at = 0; at < bytes.length && this.#failure === undefined; at++) {
      const byte = bytes[at]!;
      if (this.#depth === 0) {
        if (byte === OPEN_BRACE) this.#depth = 1;
        else if (isSpace(byte)) start = at + 1;
        else this.#fail("bad-json", beginning(byte));
      } else if (this.#ends(byte)) {
        if (!this.#keep(bytes.subarray(start, at + 1))) return;
        start = at + 1;
        this.#complete.push(this.#partial.peek().slice());
        this.#partial.discard(this.#partial.length);
      }
    }
    if (this.#failure === undefined) this.#keep(bytes.subarray(start));
  }

  /**
   * The next object, or `undefined` when more bytes are needed.
   *
   * @throws {ChainProtocolError} when the stream is none of control messages:
   * `bad-json`, or `too-large` beyond {@linkcode MAX_CONTROL_MESSAGE_BYTES}.
   * The connection cannot go on then; every later call throws again.
   */
  next(): JsonObject | undefined {
    const message = this.#complete.shift();
    if (message === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      return undefined;
    }
    try {
      return parseJsonObject(this.#decoder.decode(message));
    } catch (error) {
      const failure = error instanceof ChainProtocolError
        ? error
        : new ChainProtocolError(
          "bad-json",
          "Cannot read the message: it is not UTF-8",
          { cause: error },
        );
      this.#complete.length = 0;
      this.#failure = failure;
      throw failure;
    }
  }

  /** Steps over one byte inside an object; true when it closes the object. */
  #ends(byte: number): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (this.#inString) {
      if (byte === QUOTE) this.#inString = false;
      else if (byte === BACKSLASH) this.#escaped = true;
    } else if (byte === QUOTE) this.#inString = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++this.#depth > MAX_JSON_DEPTH) {
        this.#fail(
          "bad-json",
          `it nests deeper than ${MAX_JSON_DEPTH} levels`,
        );
      }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      return --this.#depth === 0;
    }
    return false;
  }

  #keep(bytes: Uint8Array): boolean {
    try {
      this.#partial.push(bytes);
      return true;
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      this.#fail(
        "too-large",
        `it has more than ${MAX_CONTROL_MESSAGE_BYTES} bytes`,
      );
      return false;
    }
  }

  #fail(code: "bad-json" | "too-large", state: string): void {
    this.#partial.discard(this.#partial.length);
    this.#failure = new ChainProtocolError(
      code,
      `Cannot read the message: ${state}`,
    );
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function beginning(byte: number): string {
  const shown = byte > 0x20 && byte < 0x7f
    ? `"${String.fromCharCode(byte)}"`
    : `byte ${byte}`;
  return `it begins with ${shown} and not with "{"`;
}
