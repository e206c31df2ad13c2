/**
 * WebSockets with back-pressure: whoever takes messages can pause the
 * connection at any message, and the kernel then holds the sender back.
 *
 * @module
 */

import { closeQuietly, writeAll } from "./tcp.ts";
import {
  CloseCode,
  closePayload,
  encodeWebSocketFrame,
  Opcode,
} from "./websocket_frame.ts";
import { WebSocketError, WebSocketReader } from "./websocket_reader.ts";

/** How often a quiet peer is pinged, in milliseconds; Python's websockets does so too. */
export const PING_INTERVAL_MS = 20_000;

/** How long the closing handshake may take, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2000;

/** Small messages are written together, up to this. */
const JOIN_BYTES = 64 * 1024;

/** While more than this waits to be sent, pings go unanswered. */
const MAX_PONG_BACKLOG_BYTES = 64 * 1024;

/** After so many messages without a pause for the network the others have their turn. */
const TURN_MESSAGES = 64;

/** What a connection tells; each is called in the order of the wire. */
export interface WebSocketEvents {
  /** A text message. */
  text(text: string): void;
  /** A binary message; the bytes are valid during the call only. */
  bytes(bytes: Uint8Array<ArrayBuffer>): void;
  /** It is over, by whoever's will; called once, last. */
  closed(code: number, reason: string): void;
  /** Bytes that waited to be sent have gone. */
  drained?(): void;
}

/** An open connection, whose handshake is done. */
export interface WebSocketConnection {
  readonly conn: Deno.Conn;
  /** What came behind the handshake. */
  readonly head: Uint8Array;
  readonly remoteAddress: string;
  readonly role: "server" | "client";
  /** Longer messages, and messages of too many fragments, close with 1009. */
  readonly maxMessageBytes: number;
}

/** A connection; messages come once `listen` was called. */
export class WebSocketPeer {
  /** The other end's address. */
  readonly remoteAddress: string;
  /** Resolves when the connection is closed and nothing of it runs any more. */
  readonly finished: Promise<void>;
  readonly #conn: Deno.Conn;
  readonly #isClient: boolean;
  readonly #reader: WebSocketReader;
  readonly #finish: () => void;
  #events: WebSocketEvents | undefined;
  #state: "open" | "closing" | "closed" = "open";
  #paused = false;
  #wake: (() => void) | undefined;
  #heard = true;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;
  #outbox: Uint8Array[] = [];
  #outboxBytes = 0;
  #writing: Promise<void> | undefined;
  #goodbye: { code: number; reason: string } = {
    code: CloseCode.abnormal,
    reason: "",
  };

  /** Takes the connection over. */
  constructor(
    { conn, head, remoteAddress, role, maxMessageBytes }: WebSocketConnection,
  ) {
    this.#conn = conn;
    this.remoteAddress = remoteAddress;
    this.#isClient = role === "client";
    this.#reader = new WebSocketReader({
      masked: role === "server",
      maxMessageBytes,
    });
    this.#reader.push(head);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#finish = resolve;
  }

  /** Starts to hand on messages, and to ping: who is silent for two pings is gone. */
  listen(events: WebSocketEvents): void {
    this.#events = events;
    this.#pingTimer = setInterval(() => this.#check(), PING_INTERVAL_MS);
    this.#run();
  }

  /** Whether it can be sent to. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#outboxBytes;
  }

  /** Sends a message; nothing when the connection is over. What is sent in one go is written in one. */
  send(message: string | Uint8Array): void {
    if (!this.isOpen) return;
    if (typeof message === "string") {
      this.#post(Opcode.text, new TextEncoder().encode(message));
    } else this.#post(Opcode.binary, message);
  }

  /** No message comes before `resume`. */
  pause(): void {
    this.#paused = true;
  }

  /** Messages come again. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#heard = true;
    this.#wake?.();
  }

  /** Says goodbye; what was sent before still goes out. */
  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.#post(Opcode.close, closePayload(code, reason));
    this.#state = "closing";
    this.#closeTimer = setTimeout(() => this.terminate(), CLOSE_TIMEOUT_MS);
    this.resume(); // the other end's goodbye must be read
  }

  /** Cuts the connection. */
  terminate(): void {
    this.#state = "closed";
    clearTimeout(this.#closeTimer);
    closeQuietly(this.#conn);
    this.#wake?.();
    if (this.#events === undefined) this.#finish(); // nobody ever listened
  }

  /** Reads and hands on until the end. */
  async #run(): Promise<void> {
    try {
      while (await this.#handOn() && await this.#fill());
    } catch (error) {
      if (error instanceof WebSocketError) await this.#refuse(error);
      // else the connection broke, which the goodbye says
    }
    clearInterval(this.#pingTimer);
    await this.#writing; // the goodbye, and what was sent before it
    this.terminate();
    const { code, reason } = this.#goodbye;
    this.#finish();
    this.#events?.closed(code, reason);
  }

  async #fill(): Promise<boolean> {
    const count = await this.#conn.read(this.#reader.space());
    if (count === null) return false;
    this.#reader.filled(count);
    this.#heard = true;
    return true;
  }

  /** Hands on what was read, waiting while it is paused; `false` when it is over. */
  async #handOn(): Promise<boolean> {
    let sinceTurn = 0;
    for (;;) {
      while (this.#paused && this.#state === "open") {
        await new Promise<void>((resolve) => this.#wake = resolve);
        this.#wake = undefined;
        sinceTurn = 0;
      }
      if (this.#state === "closed") return false;
      if (++sinceTurn > TURN_MESSAGES) {
        await new Promise((resolve) => setTimeout(resolve));
        sinceTurn = 0;
        continue;
      }
      const item = this.#reader.next();
      switch (item?.type) {
        case undefined:
          return true;
        case "text":
          // Who has said goodbye is not interested any more.
          if (this.isOpen) this.#events?.text(item.text);
          break;
        case "bytes":
          if (this.isOpen) this.#events?.bytes(item.bytes);
          break;
        case "ping":
          if (this.isOpen && this.#outboxBytes < MAX_PONG_BACKLOG_BYTES) {
            this.#post(Opcode.pong, item.bytes);
          }
          break;
        case "close":
          this.#goodbye = item;
          if (this.isOpen) this.#answerClose(item.code);
          if (!this.#isClient) return false;
          // It is the server that ends the connection.
          this.#closeTimer ??= setTimeout(
            () => this.terminate(),
            CLOSE_TIMEOUT_MS,
          );
      }
    }
  }

  #answerClose(code: number): void {
    this.#post(
      Opcode.close,
      code === CloseCode.none ? new Uint8Array() : closePayload(code, ""),
    );
    this.#state = "closing";
  }

  /** Tells the other end what it did wrong; it may not listen before it has sent what it wants to. */
  async #refuse({ code, message }: WebSocketError): Promise<void> {
    this.close(code, message);
    this.#closeTimer ??= setTimeout(() => this.terminate(), CLOSE_TIMEOUT_MS);
    const buffer = new Uint8Array(JOIN_BYTES);
    try {
      await this.#writing;
      await (this.#conn as Partial<Deno.TcpConn>).closeWrite?.();
      while (await this.#conn.read(buffer) !== null);
    } catch {
      // It is gone, or its time is over.
    }
  }

  #post(opcode: number, payload: Uint8Array): void {
    const frame = encodeWebSocketFrame(
      opcode,
      payload,
      this.#isClient ? newKey() : undefined,
    );
    this.#outbox.push(frame);
    this.#outboxBytes += frame.length;
    this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    await undefined; // what is sent in this turn goes together
    try {
      while (this.#outbox.length > 0) {
        const bytes = this.#takeOutbox();
        await writeAll(this.#conn, bytes);
        this.#outboxBytes -= bytes.length;
        if (this.isOpen) this.#events?.drained?.();
      }
    } catch {
      this.terminate();
      this.#outbox = [];
      this.#outboxBytes = 0;
    }
    this.#writing = undefined;
  }

  /** One large message, or small ones as one piece. */
  #takeOutbox(): Uint8Array {
    let count = 0;
    let bytes = 0;
    for (const { length } of this.#outbox) {
      if (count > 0 && bytes + length > JOIN_BYTES) break;
      bytes += length;
      count++;
    }
    const taken = this.#outbox.splice(0, count);
    if (taken.length === 1) return taken[0]!;
    const joined = new Uint8Array(bytes);
    let at = 0;
    for (const piece of taken) {
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  }

  #check(): void {
    if (this.#paused) return; // its pong would not be read
    if (!this.#heard) this.terminate();
    else {
      this.#heard = false;
      if (this.isOpen) this.#post(Opcode.ping, new Uint8Array());
    }
  }
}

/** A masking key that nobody can foresee (RFC 6455, section 10.3). */
function newKey(): number {
  return crypto.getRandomValues(new Int32Array(1))[0]!;
}
