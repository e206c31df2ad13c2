/**
 * From the bytes of a connection to WebSocket messages (RFC 6455, section 5).
 *
 * It owns the buffer that is read into and uses it again and again: a video
 * stream of 500 MB/s through buffers of its own for each read costs more in
 * collecting them than in anything else.
 *
 * @module
 */

import {
  CloseCode,
  maskBytes,
  MAX_CONTROL_BYTES,
  Opcode,
} from "./websocket_frame.ts";

/** A connection begins with a buffer of this size … */
const MIN_BUFFER_BYTES = 16 * 1024;

/** … and a busy one reads into one of this size. */
const BUSY_BUFFER_BYTES = 512 * 1024;

/** With less room than this at the end, what is left is moved to the begin. */
const MIN_READ_BYTES = 8 * 1024;

/** After so many small messages a buffer that has grown for a large one shrinks again. */
const SMALL_MESSAGES = 32;

/** Fragments of one message: more than any client makes of one, few enough to be held. */
export const MAX_FRAGMENTS = 4096;

/** What the other end does wrong; the connection closes with `code`. */
export class WebSocketError extends SyntaxError {
  override readonly name = "WebSocketError";

  /** `code` is a close code. */
  constructor(readonly code: number, message: string) {
    super(message);
  }
}

/** What came. */
export type WebSocketItem =
  | { readonly type: "text"; readonly text: string }
  | {
    readonly type: "bytes";
    /** Valid until the next call of the reader. */
    readonly bytes: Uint8Array<ArrayBuffer>;
  }
  | { readonly type: "ping"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: "pong" }
  | { readonly type: "close"; readonly code: number; readonly reason: string };

/** Reads one end's frames: a server's reader wants them masked, a client's not. */
export class WebSocketReader {
  readonly #masked: boolean;
  readonly #maxMessageBytes: number;
  readonly #decoder = new TextDecoder("utf-8", {
    fatal: true,
    ignoreBOM: true,
  });
  #buffer = new Uint8Array(MIN_BUFFER_BYTES);
  #start = 0;
  #end = 0;
  /** Bytes of the frame that is being received, when its length is known. */
  #wanted = 0;
  #small = 0;
  #fragments: Uint8Array<ArrayBuffer>[] = [];
  #fragmentBytes = 0;
  #fragmentOpcode: number | undefined;

  /** Messages of more than `maxMessageBytes`, or of too many fragments, are refused with 1009. */
  constructor(options: {
    readonly masked: boolean;
    readonly maxMessageBytes: number;
  }) {
    this.#masked = options.masked;
    this.#maxMessageBytes = options.maxMessageBytes;
  }

  /** Bytes of memory it holds. */
  get memoryBytes(): number {
    return this.#buffer.length + this.#fragmentBytes;
  }

  /** Where the next bytes are to be read to; tell `filled` how many. */
  space(): Uint8Array<ArrayBuffer> {
    const left = this.#end - this.#start;
    if (left === 0) this.#start = this.#end = 0;
    const size = this.#buffer.length;
    if (
      left === 0 && size > BUSY_BUFFER_BYTES && this.#small >= SMALL_MESSAGES
    ) {
      this.#buffer = new Uint8Array(BUSY_BUFFER_BYTES);
    } else if (size - this.#end < MIN_READ_BYTES) {
      if (left + MIN_READ_BYTES > size || this.#wanted > size) {
        // No faster than bytes arrive: a header is quickly written.
        const grown = Math.max(size * 2, MIN_BUFFER_BYTES);
        const larger = new Uint8Array(grown);
        larger.set(this.#buffer.subarray(this.#start, this.#end));
        this.#buffer = larger;
      } else this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#start = 0;
      this.#end = left;
    }
    return this.#buffer.subarray(this.#end);
  }

  /** So many bytes were read into the space. */
  filled(count: number): void {
    const wasFull = this.#end + count === this.#buffer.length;
    this.#end += count;
    // Whoever fills it has more: larger reads are cheaper.
    if (wasFull && this.#buffer.length < BUSY_BUFFER_BYTES) {
      const larger = new Uint8Array(BUSY_BUFFER_BYTES);
      larger.set(this.#buffer.subarray(this.#start, this.#end));
      this.#buffer = larger;
      this.#end -= this.#start;
      this.#start = 0;
    }
  }

  /** Adds bytes that were read elsewhere. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const space = this.space();
      const count = Math.min(space.length, bytes.length - at);
      space.set(bytes.subarray(at, at + count));
      this.filled(count);
      at += count;
    }
  }

  /**
   * What came next; `undefined` when it needs more bytes.
   *
   * @throws {WebSocketError} when the other end breaks the rules.
   */
  next(): WebSocketItem | undefined {
    for (;;) {
      const frame = this.#frame();
      if (frame === undefined) return undefined;
      const item = frame.opcode >= Opcode.close
        ? this.#control(frame.opcode, frame.payload)
        : this.#data(frame);
      if (item !== undefined) return item;
    }
  }

  #frame():
    | { opcode: number; final: boolean; payload: Uint8Array<ArrayBuffer> }
    | undefined {
    const buffer = this.#buffer;
    const at = this.#start;
    const there = this.#end - at;
    if (there < 2) return undefined;
    const [first, second] = [buffer[at]!, buffer[at + 1]!];
    const opcode = first & 0x0f;
    const final = (first & 0x80) !== 0;
    const short = second & 0x7f;
    this.#checkHead(opcode, final, first, second);
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
    const head = 2 + lengthBytes + (this.#masked ? 4 : 0);
    if (there < head) return undefined;
    const view = new DataView(buffer.buffer, at, head);
    const length = lengthBytes === 0
      ? short
      : lengthBytes === 2
      ? view.getUint16(2)
      : view.getUint32(2) * 2 ** 32 + view.getUint32(6);
    const total = length + (opcode < Opcode.close ? this.#fragmentBytes : 0);
    if (total > this.#maxMessageBytes) {
      throw new WebSocketError(
        CloseCode.tooBig,
        `Cannot take a message of ${total} bytes: the limit is ${this.#maxMessageBytes}`,
      );
    }
    this.#wanted = head + length;
    if (there < head + length) return undefined;
    this.#wanted = 0;
    this.#small = length > BUSY_BUFFER_BYTES ? 0 : this.#small + 1;
    const from = at + head;
    const to = from + length;
    this.#start = to;
    if (this.#masked) {
      const key = view.getInt32(head - 4, true);
      if (key !== 0) maskBytes(buffer, from, to, key);
    }
    return { opcode, final, payload: buffer.subarray(from, to) };
  }

  #checkHead(
    opcode: number,
    final: boolean,
    first: number,
    second: number,
  ): void {
    const control = opcode >= Opcode.close;
    const known = opcode <= Opcode.binary ||
      control && opcode <= Opcode.pong;
    const continues = opcode === Opcode.continuation;
    const problem = (first & 0x70) !== 0
      ? "a reserved bit is set"
      : !known
      ? `opcode ${opcode} is unknown`
      : ((second & 0x80) !== 0) !== this.#masked
      ? `it is ${this.#masked ? "not " : ""}masked`
      : control && (!final || (second & 0x7f) > MAX_CONTROL_BYTES)
      ? "a control frame is short and whole"
      : !control && continues !== (this.#fragmentOpcode !== undefined)
      ? continues
        ? "there is no message to continue"
        : "the message before it has not ended"
      : undefined;
    if (problem !== undefined) {
      throw new WebSocketError(
        CloseCode.protocolError,
        `Cannot read a frame: ${problem}`,
      );
    }
  }

  #data(
    { opcode, final, payload }: {
      opcode: number;
      final: boolean;
      payload: Uint8Array<ArrayBuffer>;
    },
  ): WebSocketItem | undefined {
    if (final && this.#fragmentOpcode === undefined) {
      return this.#message(opcode, payload);
    }
    this.#fragmentOpcode ??= opcode;
    this.#fragments.push(payload.slice());
    this.#fragmentBytes += payload.length;
    if (this.#fragments.length > MAX_FRAGMENTS) {
      throw new WebSocketError(
        CloseCode.tooBig,
        `Cannot take a message of more than ${MAX_FRAGMENTS} fragments`,
      );
    }
    if (!final) return undefined;
    const whole = new Uint8Array(this.#fragmentBytes);
    let at = 0;
    for (const fragment of this.#fragments) {
      whole.set(fragment, at);
      at += fragment.length;
    }
    const kind = this.#fragmentOpcode;
    this.#fragments = [];
    this.#fragmentBytes = 0;
    this.#fragmentOpcode = undefined;
    return this.#message(kind, whole);
  }

  #message(opcode: number, bytes: Uint8Array<ArrayBuffer>): WebSocketItem {
    return opcode === Opcode.text
      ? { type: "text", text: this.#text(bytes) }
      : { type: "bytes", bytes };
  }

  #text(bytes: Uint8Array): string {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      throw new WebSocketError(
        CloseCode.notText,
        "Cannot read a text message: it is not UTF-8",
      );
    }
  }

  #control(
    opcode: number,
    payload: Uint8Array<ArrayBuffer>,
  ): WebSocketItem {
    if (opcode === Opcode.ping) return { type: "ping", bytes: payload };
    if (opcode === Opcode.pong) return { type: "pong" };
    if (payload.length === 0) {
      return { type: "close", code: CloseCode.none, reason: "" };
    }
    const code = (payload[0]! << 8) | (payload[1] ?? 0);
    if (payload.length === 1 || !mayBeSent(code)) {
      throw new WebSocketError(
        CloseCode.protocolError,
        "Cannot read a close frame: it has no code that may be sent",
      );
    }
    return { type: "close", code, reason: this.#text(payload.subarray(2)) };
  }
}

/** Whether a close frame may have this code (RFC 6455, section 7.4). */
function mayBeSent(code: number): boolean {
  return code >= 3000 && code <= 4999 ||
    code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
}
